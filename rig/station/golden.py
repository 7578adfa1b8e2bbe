"""Golden boards: what each has been so far, and whether it still is. A station that differs is locked.

The baseline is the board's own history at the time of its enrolment (``results/golden.json``); the
checks are the runs of purpose ``golden`` in the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, Field

from rig.datafile import Data
from rig.errors import FileError, UsageError
from rig.purpose import Purpose
from rig.records import STORE_FILE, RunRecord
from rig.records.files import write_whole
from rig.records.lookup import Lookup, Which
from rig.verdict import Verdict
from rig.verdict.control import Baseline, Rule, nelson

FILE = "golden.json"
FEWEST_RUNS = 10                # of a history that limits are made from
MOST_SIGMAS = 3.0
# A board measured to a thousandth every time is measured by luck: no instrument here is better.
LEAST_SHARE = 0.001
# What a station may drift in, one each of its parts: power, volts, answers, contacts, air.
WATCHED = (
    "board_watts", "terminal_volts", "joules_per_terahash", "board_hit_rate", "contact_ohms",
    "kelvin_per_kilowatt",
)
# Values that lie closer together than their baseline says: with a spread that is never taken for less than
# LEAST_SHARE they do so for ever, and a station that measures well is not one that drifts.
NO_DRIFT = frozenset({Rule.NELSON_7})
MOST_LOOKED_AT = 20             # good runs; the longest rule looks at fifteen in a row
_GOOD = (Verdict.PASS, Verdict.MARGINAL)
_ENDED = tuple(one for one in Verdict if one is not Verdict.ABORTED)


class Past(Data):
    """What one measurement has been."""

    mean: float
    sigma: float = Field(gt=0)
    n: int


class GoldenBoard(Data):
    serial: str
    product: str
    simulated: bool
    enrolled: AwareDatetime
    by: str
    past: dict[str, Past]


class GoldenBook(Data):
    schema_version: int = Field(default=1, ge=1, le=1)
    boards: dict[str, GoldenBoard] = Field(default={})


@dataclass(frozen=True, slots=True)
class Check:
    """One golden run held against the board's past. ``problems`` empty: the station is as it was."""

    serial: str
    at: datetime
    problems: tuple[str, ...]


def load_book(results: Path) -> GoldenBook:
    """The enrolled boards; none when there is no file. Raises FileError."""
    file = results / FILE
    if not file.exists():
        return GoldenBook()
    try:
        return GoldenBook.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileError(file, "", str(error).splitlines()[0], "the golden boards, as enrolled") from error


def enrol(results: Path, serial: str, by: str, now: datetime, *, simulated: bool) -> GoldenBoard:
    """Make a board golden by its good runs so far, replacing an older enrolment.

    Raises UsageError when it has too few, or too few that measured one of ``WATCHED``.
    """
    runs = Lookup(results / STORE_FILE).runs(serial, (Purpose.TEST, Purpose.GOLDEN), simulated=simulated)
    good = [run for run in runs if run.verdict in _GOOD]
    if len(good) < FEWEST_RUNS:
        raise UsageError(
            f"golden board {serial}: found {len(good)} good runs of it, expected at least {FEWEST_RUNS}; "
            "run it more often, on a station that is known to be good"
        )
    past = {}
    for name in WATCHED:
        values = [value for run in good if (value := value_of(run, name)) is not None]
        if len(values) >= FEWEST_RUNS:
            found = Baseline.of(values)
            past[name] = Past(
                mean=found.mean, sigma=max(found.sigma, LEAST_SHARE * abs(found.mean), 1e-9), n=found.n
            )
    if not past:
        raise UsageError(f"golden board {serial}: found none of {', '.join(WATCHED)} in its runs")
    board = GoldenBoard(
        serial=serial, product=good[-1].product, simulated=simulated, enrolled=now, by=by, past=past
    )
    book = load_book(results)
    kept = book.model_copy(update={"boards": {**book.boards, serial: board}})
    write_whole(results / FILE, kept.model_dump_json(indent=2) + "\n")
    return board


def last_check(results: Path, board: GoldenBoard) -> Check | None:
    """The last golden run since the enrolment, judged with those before it; None when there was none yet.

    One that was stopped, for production say, is no check.
    """
    last = _last_runs(results, board, _ENDED, 1)
    return _judged(results, board, last[0]) if last else None


def last_of_all(results: Path, boards: Iterable[GoldenBoard]) -> Check | None:
    """The last check of the board that was checked last; None when none was yet."""
    lasts = [(run, board) for board in boards for run in _last_runs(results, board, _ENDED, 1)]
    if not lasts:
        return None
    run, board = max(lasts, key=lambda one: one[0].ended)
    return _judged(results, board, run)


def _judged(results: Path, board: GoldenBoard, last: RunRecord) -> Check:
    before = [run for run in _last_runs(results, board, _GOOD, MOST_LOOKED_AT) if run.run_id != last.run_id]
    return Check(board.serial, last.ended, tuple(judge(board, [*before, last])))


def checks_so_far(results: Path, board: GoldenBoard) -> int:
    """How many since its enrolment."""
    return Lookup(results / STORE_FILE).count(_which(board, _ENDED))


def _last_runs(
    results: Path, board: GoldenBoard, verdicts: tuple[Verdict, ...], most: int
) -> list[RunRecord]:
    return Lookup(results / STORE_FILE).latest(_which(board, verdicts), most)


def _which(board: GoldenBoard, verdicts: tuple[Verdict, ...]) -> Which:
    return Which(board.serial, Purpose.GOLDEN, board.enrolled, verdicts, board.simulated)


def judge(board: GoldenBoard, runs: Sequence[RunRecord]) -> list[str]:
    """What is not as it was in the last of ``runs``: the last golden runs since the enrolment, in order."""
    last = runs[-1]
    if last.verdict not in _GOOD:
        return [f"it ended {last.verdict.value} {last.failure_code or ''}".strip()]
    return [problem for name, past in board.past.items() for problem in _of_one(name, past, runs)]


def value_of(run: RunRecord, name: str) -> float | None:
    """The counted value of a one-value measurement."""
    for taken in run.latest():
        if taken.name == name and len(taken.values) == 1:
            return taken.values[0]
    return None


def _of_one(name: str, past: Past, runs: Sequence[RunRecord]) -> list[str]:
    value = value_of(runs[-1], name)
    if value is None:
        return [f"{name} was not measured"]
    z = Baseline(past.mean, past.sigma, past.n).z(value)
    if abs(z) > MOST_SIGMAS:
        return [f"{name} is {value:.6g}, {z:+.1f} sigma from its mean {past.mean:.6g}"]
    values = [one for run in runs if run.verdict in _GOOD and (one := value_of(run, name)) is not None]
    hits = [hit for hit in nelson(values, past.mean, past.sigma)
            if hit.at == len(values) - 1 and hit.rule not in NO_DRIFT]
    return [f"{name}: {hit.rule.value}" for hit in hits]
