"""What the bar of the shift tells, looked up now and then: store, disk, golden boards, self-test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from rig.clock import Clock
from rig.errors import RigError
from rig.fixturefile import FixtureFile
from rig.records import STORE_FILE
from rig.records.outbox.results import ResultQueue
from rig.station.alarms import Alarms
from rig.station.selftest import problems
from rig.station.shift import Lock, ShiftBook
from rig.station.slotflow import Conditions
from rig.station.view import CheckView, Due, ShiftView, Words, Yield
from rig.station.words import say

EVERY_SECONDS = 20.0
SETTLING_SECONDS, ASK_SECONDS = 10.0, 0.2


class Facts:
    """The last look. ``problem``: why there could be none."""

    def __init__(self, shifts: ShiftBook, fixture: FixtureFile, results: Path, clock: Clock) -> None:
        self._shifts, self._fixture, self._results, self._clock = shifts, fixture, results, clock
        self._outbox = ResultQueue(results / STORE_FILE, clock)
        self._due_at = 0.0
        self._golden_lock: Lock | None = None
        self.golden = CheckView(state=Due.DUE, words=say("check.golden.due"))
        self.shift = ShiftView(started=None, first_pass=Yield(passed=0, n=0))
        self.alarms = Alarms(results, fixture)
        self.problem: Words | None = None

    def soon(self) -> None:
        """Something has happened: look again at the next chance."""
        self._due_at = 0.0

    async def look(self) -> None:
        """Look again if it is time."""
        if self._clock.now() < self._due_at:
            return
        self._due_at = self._clock.now() + EVERY_SECONDS
        try:
            await asyncio.to_thread(self._look)
            self.problem = None
        except RigError as error:
            self.problem = say("refused.store", text=str(error))

    async def test(self, conditions: Callable[[], Mapping[str, Conditions]]) -> None:
        """The self-test; its result is kept with the shift. Raises StationFault.

        A guard that has just begun gets some seconds until it has reached every slot.
        """
        until = self._clock.now() + SETTLING_SECONDS
        while self._clock.now() < until and not _all_reached(conditions()):
            await asyncio.sleep(ASK_SECONDS)
        now = self._clock.utc()
        found = await asyncio.to_thread(
            lambda: list(problems(self._fixture, conditions(), self._results, now))
        )
        self._shifts.tested("; ".join(found) or None, now)
        self.soon()

    @property
    def lock(self) -> Lock | None:
        """Why no board may be produced now."""
        return self._shifts.lock_of(self._golden_lock or self.alarms.lock)

    async def let_go(self, slot: str, who: str) -> bool:
        """Let go of the lock of an alarm in a slot; False where there is none. Raises StationFault."""
        return await asyncio.to_thread(self.alarms.let_go, slot, who, self._clock.utc())

    def _look(self) -> None:
        now = self._clock.utc()
        self.golden, self._golden_lock = self._shifts.golden(now)
        self.shift = self._shifts.view(now, self._outbox.waiting())
        self.alarms.look()


def _all_reached(conditions: Mapping[str, Conditions]) -> bool:
    return bool(conditions) and all(found.fault is None for found in conditions.values())
