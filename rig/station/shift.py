"""The shift: when it began, what was checked at its start, and what it has done so far."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import AwareDatetime

from rig.datafile import Data
from rig.fixturefile import FixtureFile
from rig.records import STORE_FILE
from rig.records.files import write_whole
from rig.records.lookup import Lookup
from rig.station.golden import last_of_all, load_book
from rig.station.view import CheckView, Due, ShiftView, Words, Yield
from rig.station.words import say
from rig.verdict import Verdict
from rig.verdict.control import wilson


class Shift(Data):
    """What outlives a restart of the station."""

    started: AwareDatetime | None = None
    by: str = ""
    self_test_at: AwareDatetime | None = None
    self_test_problem: str | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """Why no board may be produced."""

    code: str
    words: Words


class ShiftBook:
    """The shift of one fixture, kept in ``results``. Slow parts read the store: call them in a thread."""

    def __init__(self, results: Path, fixture: FixtureFile, *, ship_marginal: bool) -> None:
        self._results, self._fixture = results, fixture
        self._file = results / f"shift-{fixture.fixture}.json"
        self._shippable = (Verdict.PASS, *((Verdict.MARGINAL,) if ship_marginal else ()))
        self.shift = self._load()

    def _load(self) -> Shift:
        try:
            return Shift.model_validate_json(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return Shift()                      # a shift that cannot be read has not begun

    def begin(self, by: str, now: datetime) -> None:
        self._keep(Shift(started=now, by=by))

    def end(self) -> None:
        self._keep(Shift())

    def tested(self, problem: str | None, now: datetime) -> None:
        self._keep(self.shift.model_copy(update={"self_test_at": now, "self_test_problem": problem}))

    def _keep(self, shift: Shift) -> None:
        self.shift = shift
        write_whole(self._file, shift.model_dump_json() + "\n")

    # -- what it shows --------------------------------------------------------------------------

    def self_test(self) -> CheckView:
        at, problem = self.shift.self_test_at, self.shift.self_test_problem
        if at is None:
            return CheckView(state=Due.DUE, words=say("check.self_test.due"))
        if problem is not None:
            return CheckView(state=Due.FAILED, words=say("check.self_test.failed", text=problem))
        return CheckView(state=Due.GOOD, at=iso(at), words=say("check.self_test.good"))

    def golden(self, now: datetime) -> tuple[CheckView, Lock | None]:
        """The last golden check, and what it locks. Slow."""
        if not self._fixture.for_production:
            return CheckView(state=Due.NOT_NEEDED, words=say("check.golden.not_needed")), None
        boards = [board for board in load_book(self._results).boards.values()
                  if board.simulated == self._fixture.simulated]
        last = last_of_all(self._results, boards)
        if last is None:
            return CheckView(state=Due.DUE, words=say("check.golden.due")), _golden(say("lock.golden_never"))
        if last.problems:
            text = "; ".join(last.problems)
            return (
                CheckView(state=Due.FAILED, at=iso(last.at),
                          words=say("check.golden.failed", serial=last.serial, text=text)),
                _golden(say("lock.golden_failed", serial=last.serial, text=text)),
            )
        hours, most = (now - last.at).total_seconds() / 3600, self._fixture.panel.golden_hours
        if hours > most:
            words = say("lock.golden_old", hours=round(hours, 1), most=round(most, 1))
            return CheckView(state=Due.DUE, at=iso(last.at), words=say("check.golden.due")), _golden(words)
        return (
            CheckView(state=Due.GOOD, at=iso(last.at), words=say("check.golden.good", serial=last.serial)),
            None,
        )

    def lock_of(self, other: Lock | None) -> Lock | None:
        """What locks production now: the self-test first, then the ``other``: golden board or alarm."""
        if not self._fixture.for_production:
            return None
        if self.shift.self_test_at is None:
            return Lock("STN-SELFTEST", say("lock.self_test_due"))
        if self.shift.self_test_problem is not None:
            return Lock("STN-SELFTEST", say("lock.self_test", text=self.shift.self_test_problem))
        return other

    def view(self, now: datetime, outbox_depth: int) -> ShiftView:
        """The bar. Slow."""
        started = self.shift.started
        role, days = next_calibration(self._fixture, now.date())
        bare = ShiftView(
            started=None if started is None else iso(started), first_pass=Yield(passed=0, n=0),
            calibration=role, calibration_days=days, outbox_depth=outbox_depth,
            disk_free_bytes=shutil.disk_usage(self._results).free,
        )
        if started is None:
            return bare
        found = Lookup(self._results / STORE_FILE).first_passes(
            self._fixture.fixture, started, simulated=self._fixture.simulated, shippable=self._shippable
        )
        return bare.model_copy(update={
            "boards": found.boards, "first_pass": _yield(found.passed, found.n),
            "top_code": found.top_code, "top_code_count": found.top_code_count,
        })


def next_calibration(fixture: FixtureFile, today: date) -> tuple[Words | None, int | None]:
    """Which instrument's calibration ends first, and in how many days."""
    ends = [(one.calibration_ends, role, slot) for slot, entry in fixture.slots.items()
            for role, one in entry.instruments.items() if one.calibration_ends is not None]
    if not ends:
        return None, None
    day, role, slot = min(ends)
    return say(f"calibration.{role}", slot=slot), (day - today).days


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _yield(passed: int, n: int) -> Yield:
    if n == 0:
        return Yield(passed=0, n=0)
    ends = wilson(passed, n)
    return Yield(passed=passed, n=n, share=passed / n, low=ends.low, high=ends.high)


def _golden(words: Words) -> Lock:
    return Lock("STN-GOLDEN", words)


