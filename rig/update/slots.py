"""Slots kept free of runs while the rig under them is changed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rig.clock import Clock
from rig.errors import RigError, StationFault
from rig.fixturefile import FixtureFile, load_fixture
from rig.guard.client import GuardClient
from rig.runtime import Runtime, runtime_for

HOLDER = "rig update"
ANSWER_SECONDS = 3.0
_LOOK_SECONDS = 1.0
_LIVE = ("live", "discharging")


class Slots:
    """Those of some benches of this station. Raises FileError, UsageError."""

    def __init__(self, fixtures: Sequence[Path], clock: Clock) -> None:
        self._clock = clock
        self.benches: tuple[tuple[FixtureFile, Runtime], ...] = tuple(
            (load_fixture(file), runtime_for(file)) for file in fixtures
        )

    def busy(self) -> Iterator[str]:
        """A sentence for each slot that somebody has or that is live. Nothing is touched."""
        for fixture, runtime in self.benches:
            locked = set()
            for slot in fixture.slots:
                note = runtime.lock(f"slot-{slot}").held_by()
                if note is not None:
                    locked.add(slot)
                    who = f"run {note['run']}" if "run" in note else str(note.get("holder", "somebody"))
                    yield f"{fixture.fixture} {slot}: {who} has it (process {note.get('pid')})"
            for slot, told in self._guarded(runtime):
                if slot not in locked:
                    yield f"{fixture.fixture} {told}"

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:
        """All of them ours: no run begins until the block ends.

        Raises StationFault when one is not free within ``seconds``; then none is held.
        """
        with ExitStack() as locks:
            until = self._clock.now() + seconds
            while (busy := [*self.busy()]) or not self._taken(locks):
                locks.close()
                if self._clock.now() >= until:
                    raise StationFault(
                        f"found {'; '.join(busy) or 'a run that just began'}, expected no slot live within "
                        f"{seconds:.0f} s; nothing was switched, and the same command goes on from here"
                    )
                self._clock.sleep(_LOOK_SECONDS)
            yield

    def _taken(self, locks: ExitStack) -> bool:
        for fixture, runtime in self.benches:
            for slot in fixture.slots:
                lock = runtime.lock(f"slot-{slot}")
                if not lock.try_acquire({"pid": os.getpid(), "holder": HOLDER}):
                    return False
                locks.callback(lock.release)
        return True

    def _guarded(self, runtime: Runtime) -> Iterator[tuple[str, str]]:
        """Slots that are live, by the guard that is up; one that does not answer may have live ones."""
        if runtime.lock("guard").held_by() is None:
            return
        client = GuardClient(runtime.guard_socket, "", "update", self._clock, ANSWER_SECONDS)
        try:
            slots = client.status()
        except RigError as error:
            yield "", str(error)
            return
        finally:
            client.close()
        for slot, report in slots.items():
            if report["loan"] is not None:
                yield slot, f"{slot}: its supply is lent to process {report['loan']['pid']}"
            elif report["lease"] is not None or report["state"] in _LIVE:
                yield slot, f"{slot} is {report['state']}"
