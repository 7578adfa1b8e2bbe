"""The guard of one simulated slot in virtual time: the very rules and hands of the guard's process.

Only threads, addresses and sockets are others: its supply is reached in memory, its parties live by
the shared clock, and its holder asks without a socket between.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from rig.errors import GuardError
from rig.guard.client_parts import SideClient, SupplyClient
from rig.guard.crew import Crew, Tools
from rig.guard.requests import LEASED, Request
from rig.guard.slotguard import SAFE_WAIT_SECONDS, SlotGuard
from rig.guard.thermometer import BoardSensors
from rig.instruments.pdu import Mains
from rig.slot import Side, Supply
from rig.slotentry import SlotEntry
from rig.testkit.clock import SharedClock

TICK_SECONDS = 0.25
BEAT_SECONDS = 0.5


class GuardNotes:
    """The guard's log of a virtual slot: transitions as (slot, what, why)."""

    def __init__(self) -> None:
        self.entries: list[tuple[str | None, str, str]] = []

    def note(self, slot: str | None, event: str, reason: str) -> None:
        self.entries.append((slot, event, reason))


class VirtualGuard:
    """Guards one slot from the start on. ``supply`` and ``side`` are its worker's; ``notes`` its log."""

    def __init__(
        self, name: str, entry: SlotEntry, mains: Mains | None, clock: SharedClock, tools: Tools
    ) -> None:
        self.supply: Supply = SupplyClient(self._ask)
        self.side: Side = SideClient(self._ask)
        self.notes = GuardNotes()
        self._name, self._clock = name, clock
        self._token: str | None = None
        crew = Crew(name, entry, lambda: entry, lambda: mains, clock, self.notes, tools)
        self._slot = SlotGuard(name, crew)
        crew.start(_without_end)
        clock.start("watch", self._watch)
        clock.start("beat", self._beat)

    def lease(self, run: str, sensors: BoardSensors) -> None:
        """Take the slot for ``run``. Raises what forbids it, see rig.guard.rules."""
        self._token = self._slot.lease(run, os.getpid(), sensors)

    def release(self) -> None:
        """Give the lease back; returns when a live slot is off."""
        token, self._token = self._token, None
        if token is not None:
            self._slot.end(token, "given back", lost=False)
            self._slot.wait_until_off(SAFE_WAIT_SECONDS)

    @property
    def leased(self) -> bool:
        """Whether a run holds the slot."""
        return self._token is not None

    def identify_supply(self) -> str:
        """Who the slot's supply says it is. Raises InstrumentError."""
        return str(self._ask("identify_supply")["identity"])

    def _ask(self, op: str, **fields: Any) -> dict[str, Any]:
        if self._token is None:
            raise GuardError(f"{self._name}: {op}: found no lease, expected one; call lease() first")
        return LEASED[op](self._slot, self._token, Request(fields))

    def _watch(self) -> None:
        while True:
            self._slot.tick()
            self._clock.sleep(TICK_SECONDS)

    def _beat(self) -> None:
        while True:
            if self._token is not None:
                self._slot.beat(self._token)
            self._clock.sleep(BEAT_SECONDS)


def _without_end(_name: str, step: Callable[[], bool]) -> None:
    """A thread's loop; a bug in the guard flies."""
    while step():
        pass
