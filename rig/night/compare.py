"""This night against those before it: what golden boards measured, how long it took, how much went wrong.

The rules are those of every chart of the rig (rig.verdict.control), read at tonight's point only. Hundreds
of series are looked at every night, so a rule that is met is told, and fails the night only where chance is
out of the question: far out by Student's t of a new value, with all that was looked at taken into account,
and by more than an instrument here can tell apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rig.night.summary import Ended, Hit, NightSummary, SlotNight
from rig.qa.golden import LEAST_RUNS, MOST_Z, RATE, chance
from rig.station.golden import LEAST_SHARE, NO_DRIFT
from rig.verdict.control import Baseline, nelson, p_limits

_BAD = (Ended.FAILED, Ended.STATION)


@dataclass(frozen=True, slots=True)
class Series:
    """One number of every night, tonight's last. ``grave``: a board's, by which a station is judged."""

    about: str
    where: str
    values: tuple[float, ...]
    grave: bool


def series_of(tonight: NightSummary, before: Sequence[NightSummary]) -> list[Series]:
    """All that can be followed from night to night and was measured tonight."""
    found = []
    for slot in tonight.slots:
        past = [one for night in before for one in night.slots if _same(one, slot)]
        where = f"{slot.place}, {slot.serial}"
        for name, value in slot.measured.items():
            values = (*(one.measured[name] for one in past if name in one.measured), value)
            found.append(Series(name, where, values, grave=True))
        if slot.golden_seconds is not None:
            seconds = (*(one.golden_seconds for one in past if one.golden_seconds is not None),
                       slot.golden_seconds)
            found.append(Series("seconds of the golden run", where, seconds, grave=False))
    whole = [night.seconds for night in before if not night.stopped]
    if not tonight.stopped:
        found.append(Series("seconds of the night", tonight.site, (*whole, tonight.seconds), grave=False))
    return found


def compare(tonight: NightSummary, before: Sequence[NightSummary]) -> tuple[Hit, ...]:
    """What stands out, the grave first."""
    followed = [one for one in series_of(tonight, before) if len(one.values) > LEAST_RUNS]
    looked = sum(one.grave for one in followed)
    hits = [hit for one in followed for hit in _of_series(one, looked)]
    hits += _of_failures(tonight, before)
    return tuple(sorted(hits, key=lambda hit: not hit.grave))


def baseline(values: Sequence[float]) -> Baseline:
    """Of the nights before; a spread below what an instrument can tell apart is taken for luck."""
    found = Baseline.of(values)
    return Baseline(found.mean, max(found.sigma, LEAST_SHARE * abs(found.mean), 1e-9), found.n)


def _of_series(one: Series, looked: int) -> Iterator[Hit]:
    *past, value = one.values
    usual = baseline(past)
    z = usual.z(value)
    grave = one.grave and abs(z) > MOST_Z and chance(z, usual.n) * looked <= RATE
    rules = [hit.rule.value for hit in nelson(one.values, usual.mean, usual.sigma)
             if hit.at == len(past) and hit.rule not in NO_DRIFT]
    if not rules:
        return
    says = f"{value:.6g}, {z:+.1f} sigma from {usual.mean:.6g}: {'; '.join(rules)}"
    yield Hit(about=one.about, where=one.where, value=value, mean=usual.mean, n=usual.n, says=says,
              grave=grave)


def _of_failures(tonight: NightSummary, before: Sequence[NightSummary]) -> Iterator[Hit]:
    """The share of pieces that failed, by a p-chart's upper limit: zone rules are not for shares."""
    bad, done = _bad_of(tonight)
    counts = [_bad_of(night) for night in before]
    were, all_done = sum(one for one, _ in counts), sum(one for _, one in counts)
    if len(before) < LEAST_RUNS or not all_done or not done:
        return
    usual = were / all_done
    limit = p_limits(usual, done).high
    if bad / done > limit:
        says = (f"{bad} of {done} pieces of work failed, {100 * bad / done:.1f} %; usually "
                f"{100 * usual:.1f} %, and by chance up to {100 * limit:.1f} %")
        yield Hit(about="failures", where=tonight.site, value=bad / done, mean=usual, n=len(before),
                  says=says, grave=False)


def _bad_of(night: NightSummary) -> tuple[int, int]:
    bad = sum(night.count(ended) for ended in _BAD)
    return bad, bad + night.count(Ended.GOOD)


def _same(one: SlotNight, other: SlotNight) -> bool:
    """The same board in the same slot, and as real."""
    return all(getattr(one, name) == getattr(other, name) for name in ("place", "serial", "simulated"))
