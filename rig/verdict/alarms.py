"""What the last runs of a slot or station ring for. Pure: a station and a report both ask it.

Three rules: the same failure code on several boards in a row in one slot; a yield whose whole 95 % interval
lies below what it was before; a day's yield outside three sigmas (p-chart, rule 1; zone rules are not for
shares).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rig.datafile import Data
from rig.verdict.control import p_limits, wilson


class AlarmKind(StrEnum):
    SAME_CODE = "same code in a row"
    YIELD_DROP = "yield drop"
    OUT_OF_LIMITS = "yield out of its limits"


class AlarmRules(Data):
    """When it rings. ``recent`` runs are held against up to ``history`` before them."""

    same_codes: int = 3
    recent: int = 50
    history: int = 1000
    least_history: int = 200


@dataclass(frozen=True, slots=True)
class LastRun:
    """A board's first run, as far as alarms go by it. ``code``: the board's, None when it passed."""

    started: datetime
    station: str
    slot: str
    serial: str
    code: str | None


class Alarm(Data):
    """``place``: a station, or a station and slot. ``locks``: no board goes in before a person has looked.

    ``boards``: how many it is about, ``passed`` of them; ``usual``: the share that passes otherwise, or the
    limit of the day, 0..1.
    """

    kind: AlarmKind
    place: str
    code: str | None
    says: str
    locks: bool
    boards: int
    slot: str | None = None
    passed: int | None = None
    usual: float | None = None
    low: float | None = None        # ends of the recent yield's interval
    high: float | None = None


def alarms(
    runs: Iterable[LastRun], rules: AlarmRules, looked: Mapping[str, datetime] | None = None
) -> tuple[Alarm, ...]:
    """From runs in the order in which they began; those that lock first.

    ``looked``: slots that a person has looked at; runs begun until then are part of no row of same codes.
    """
    until = looked or {}
    ordered = sorted(runs, key=lambda run: run.started)
    by_station: dict[str, list[LastRun]] = {}
    by_slot: dict[tuple[str, str], list[LastRun]] = {}
    for run in ordered:
        by_station.setdefault(run.station, []).append(run)
        by_slot.setdefault((run.station, run.slot), []).append(run)
    found: list[Alarm] = []
    for (station, slot), some in sorted(by_slot.items()):
        found += _same_code(station, slot, [run for run in some if _counts(run, until.get(slot))], rules)
        found += _drop(station, slot, some, rules)
    for station, some in sorted(by_station.items()):
        found += _drop(station, None, some, rules)
        found += _out_of_limits(station, some, rules)
    return tuple(sorted(found, key=lambda alarm: not alarm.locks))


def _counts(run: LastRun, looked: datetime | None) -> bool:
    return looked is None or run.started > looked


def _same_code(station: str, slot: str, runs: Sequence[LastRun], rules: AlarmRules) -> Iterator[Alarm]:
    code = runs[-1].code if runs else None
    if code is None:
        return
    row = list(itertools.takewhile(lambda run: run.code == code, reversed(runs)))
    boards = len({run.serial for run in row})
    if boards >= rules.same_codes:
        yield Alarm(
            kind=AlarmKind.SAME_CODE, place=f"{station} {slot}", slot=slot, code=code, locks=True,
            boards=boards,
            says=f"{code} on {boards} boards in a row: look at the slot before the next board",
        )


def _drop(
    station: str, slot: str | None, runs: Sequence[LastRun], rules: AlarmRules
) -> Iterator[Alarm]:
    recent, before = runs[-rules.recent:], runs[:-rules.recent][-rules.history:]
    if len(recent) < rules.recent or len(before) < rules.least_history:
        return
    now, was = _passed(recent), _passed(before)
    span, usual = wilson(now, len(recent)), was / len(before)
    if span.high < usual:
        worst = _most_frequent(recent)
        yield Alarm(
            kind=AlarmKind.YIELD_DROP, place=station if slot is None else f"{station} {slot}", slot=slot,
            code=worst, locks=False, boards=len(recent), passed=now, usual=usual, low=span.low,
            high=span.high,
            says=f"{now} of the last {len(recent)} boards passed first ({100 * span.low:.1f} to "
                 f"{100 * span.high:.1f} %), before that {100 * usual:.1f} %; most failed with {worst}",
        )


def _out_of_limits(place: str, runs: Sequence[LastRun], rules: AlarmRules) -> Iterator[Alarm]:
    today = runs[-1].started.date()
    recent = [run for run in runs if run.started.date() == today]
    before = [run for run in runs if run.started.date() < today][-rules.history:]
    if len(before) < rules.least_history:
        return
    usual = _passed(before) / len(before)
    limits, share = p_limits(usual, len(recent)), _passed(recent) / len(recent)
    if share < limits.low:
        span = wilson(_passed(recent), len(recent))
        yield Alarm(
            kind=AlarmKind.OUT_OF_LIMITS, place=place, code=_most_frequent(recent), locks=False,
            boards=len(recent), passed=_passed(recent), usual=limits.low, low=span.low, high=span.high,
            says=f"first-pass yield of {today} is {100 * share:.1f} %, below its limit of "
                 f"{100 * limits.low:.1f} % for {len(recent)} boards",
        )


def _passed(runs: Sequence[LastRun]) -> int:
    return sum(run.code is None for run in runs)


def _most_frequent(runs: Sequence[LastRun]) -> str:
    codes = [run.code for run in runs if run.code is not None]
    return max(sorted(set(codes)), key=codes.count)
