"""All slots of a simulated fixture, sans-IO: boards are placed, outlets switched, the truth told."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rig.errors import UsageError
from rig.fixturefile import FixtureFile
from rig.sim.board import Board
from rig.sim.fixture import SimSlot
from rig.sim.scenario import Scenario, scenario_for
from rig.sim.shelf import Shelf

_SERIAL_LENGTH = 17


class Rack:
    """The slots by name, each with a board as ``scenario`` says.

    Raises UsageError or FileError when a product, a pack or the scenario is not right.
    """

    def __init__(self, fixture: FixtureFile, plans: Path, scenario: Scenario, now: float) -> None:
        self._fixture, self._plans = fixture, plans
        self._shelf = Shelf()
        self.slots = {
            name: SimSlot(name, entry, zlib.crc32(name.encode()), now)
            for name, entry in fixture.slots.items()
        }
        unknown = set(scenario.boards) - set(self.slots)
        if unknown:
            raise UsageError(
                f"scenario: no slot {', '.join(sorted(unknown))} on fixture {fixture.fixture}, "
                f"which has {', '.join(self.slots)}"
            )
        for name in self.slots:
            self._place(name, _bench_serial(name), fixture.board or "", plans, scenario, now)

    def place(self, request: Mapping[str, Any], now: float) -> str:
        """Put a fresh, cold board in, as a request of the control socket says; returns the slot's name.

        Raises UsageError, also when the slot's output is on.
        """
        slot = self._slot(request)
        slot.advance(now)
        if slot.output.on:
            raise UsageError(f"{slot.name}: its supply's output is on; no board is changed under power")
        mapping, file = request.get("scenario"), request.get("scenario_file")
        scenario = scenario_for(mapping, Path(file) if file else None)
        plans = Path(request["plans"]) if request.get("plans") else self._plans
        product = str(request.get("product") or self._fixture.board)
        self._place(slot.name, _text(request, "serial"), product, plans, scenario, now)
        return slot.name

    def scan(self, request: Mapping[str, Any]) -> None:
        """The serial that was scanned for the board that is in."""
        board, serial = self._slot(request).board, _text(request, "serial")
        if board is not None:
            board.scan(serial)

    def serials(self) -> dict[str, str | None]:
        """The scanned serial of each slot's board."""
        boards = {name: slot.board for name, slot in self.slots.items()}
        return {name: board.serial if board else None for name, board in boards.items()}

    def truth(self, now: float) -> dict[str, Any]:
        """The bench's own physics, whatever the instruments say."""
        return {"slots": {name: _truth_of(slot, now) for name, slot in self.slots.items()}}

    def switch_outlet(self, outlet: int, wanted: bool | None, now: float) -> bool | None:
        """Read or switch an outlet of the PDU; supplies may share one. None: no such outlet."""
        fed = [slot for slot in self.slots.values() if slot.entry.supply.pdu_outlet == outlet]
        for slot in fed:
            slot.advance(now)
            if wanted is not None:
                slot.switch_outlet(now, on=wanted)
        return all(slot.mains.outlet for slot in fed) if fed else None

    def watch_outlet(self, outlet: int, seconds: float | None, now: float) -> float | None:
        """Arm, feed or (0) disarm an outlet's watchdog, or read its seconds. None: no such outlet."""
        fed = [slot for slot in self.slots.values() if slot.entry.supply.pdu_outlet == outlet]
        for slot in fed:
            slot.advance(now)
            if seconds is not None:
                slot.watch_outlet(seconds, now)
        return max((slot.mains.watch_seconds for slot in fed), default=None)

    def _place(
        self, name: str, serial: str, product: str, plans: Path, scenario: Scenario, now: float
    ) -> None:
        found, book = self._shelf.take(plans, product)
        self.slots[name].place(Board(found, book, scenario, name, serial), now)

    def _slot(self, request: Mapping[str, Any]) -> SimSlot:
        name = request.get("slot")
        if name not in self.slots:
            raise UsageError(f"slot {name!r}: not on this bench, which has {', '.join(self.slots)}")
        return self.slots[str(name)]


def _truth_of(slot: SimSlot, now: float) -> dict[str, Any]:
    slot.advance(now)
    board = slot.board
    return {
        "output": slot.output.on,
        "volts": round(slot.power.pad_volts, 4),
        "amps": round(slot.power.supply_amps, 4),
        "celsius": round(board.hottest_celsius, 2) if board else None,
        "hashing": int(board.chain.hashing.sum()) if board else 0,
        "off_since": slot.off_since,
        **({"lights": slot.lights} if slot.lights else {}),
    }


def _text(request: Mapping[str, Any], field: str) -> str:
    value = request.get(field)
    if not isinstance(value, str) or not value:
        raise UsageError(f"{field}: found {value!r}, expected a text")
    return value


def _bench_serial(slot: str) -> str:
    """The serial of the board that stands in a slot when the bench starts."""
    letters = "".join(letter for letter in slot.upper() if letter.isalnum() and letter.isascii())
    return f"RIGSIM{letters}".ljust(_SERIAL_LENGTH, "0")[:_SERIAL_LENGTH]
