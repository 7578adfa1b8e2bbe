"""A simulated bench in virtual time: the same plan modules, a whole board in a second or two."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rig.clock import SystemClock, VirtualClock
from rig.errors import StationFault
from rig.guard.envelope import Bounds
from rig.purpose import Purpose
from rig.pytestplugin.options import RunOptions
from rig.pytestplugin.play import play
from rig.pytestplugin.progress import Silence
from rig.pytestplugin.setup import RunSetup, prepare
from rig.pytestplugin.stops import NoStops
from rig.records import RunRecord
from rig.sim.board import Board
from rig.sim.fixture import SimSlot
from rig.sim.scenario import Scenario, parse_scenario
from rig.sim.shelf import Shelf
from rig.testkit.clock import SharedClock
from rig.testkit.slot import VirtualSlot

SERIAL = "VIRTUALBOARD00001"


class VirtualBench:
    """Boards of one product, one after the other, each in a fresh slot with a clock of its own.

    ``fixture`` is a simulated bench file, ``plans`` the folder of test plans; every file is read
    once. Records go to ``results`` as a wired run's do, and say `simulated`; ``telemetry`` of their seconds
    only when it is asked for. Raises UsageError or FileError for files that are not right.
    """

    def __init__(
        self, product: str, *, fixture: Path, results: Path, plans: Path | None = None, slot: str = "slot1",
        telemetry: bool = False, purpose: Purpose = Purpose.TEST,
    ) -> None:
        options = RunOptions(
            fixture, slot, product, SERIAL, results=results, plans=plans, telemetry=telemetry, purpose=purpose
        )
        self._setup = prepare(options, SystemClock())
        _, self._book = Shelf().take(self._setup.plan.folder.parent, product)

    @property
    def setup(self) -> RunSetup:
        """The product's plan, recipe, limits and pack, checked."""
        return self._setup

    def slot(self, faults: Sequence[Mapping[str, Any]] = (), **told: Any) -> VirtualSlot:
        """A slot with a board as a scenario file says: ``seed``, ``serial``, ``time_scale``…

        For tests of procedures; close it at the end. Raises UsageError, FileError.
        """
        return self._slot(self._setup, _scenario(self._setup.options.slot, faults, told))

    def run(
        self, faults: Sequence[Mapping[str, Any]] = (), *, scanned: str = SERIAL, **told: Any
    ) -> RunRecord:
        """The whole plan on such a board, scanned as ``scanned``; its record.

        Raises StationFault when the plan left no record.
        """
        return self.play(_scenario(self._setup.options.slot, faults, told), scanned)

    def play(self, scenario: Scenario, scanned: str = SERIAL) -> RunRecord:
        """As ``run``, for a scenario that was read already."""
        options = replace(self._setup.options, serial=scanned)
        run_id = f"{VirtualClock().utc():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
        setup = replace(self._setup, options=options, run_id=run_id)
        slot = self._slot(setup, scenario)
        played = play(setup, slot, Silence(), NoStops())
        if played.record is None:
            raise StationFault(f"found no record of {scanned}, expected one; pytest ended with {played.code}")
        return played.record

    def _slot(self, setup: RunSetup, scenario: Scenario) -> VirtualSlot:
        clock = SharedClock()
        name, product = setup.options.slot, setup.plan.product
        bench = SimSlot(name, setup.entry, zlib.crc32(name.encode()), clock.now())
        bench.place(Board(product, self._book, scenario, name, setup.options.serial), clock.now())
        bounds = Bounds.of(setup.fixture)
        return VirtualSlot(bench, bounds, product, setup.plan.recipe, setup.run_id, clock, setup.eeprom_keys)


def _scenario(slot: str, faults: Sequence[Mapping[str, Any]], told: Mapping[str, Any]) -> Scenario:
    """A scenario of one board; what is not the board's is the room's."""
    room = {key: told[key] for key in ("ambient_celsius", "time_scale") if key in told}
    board = {key: value for key, value in told.items() if key not in room}
    values = {**room, "boards": {slot: {**board, "faults": [dict(fault) for fault in faults]}}}
    return parse_scenario(values, Path("scenario"))
