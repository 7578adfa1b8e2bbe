"""One slot of the simulated bench in memory and in virtual time, behind the slot seam."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from functools import partial

from rig.board.cold_start import cold_start
from rig.eepromkeys import EepromKeys
from rig.errors import InstrumentError, RigError, Role
from rig.guard.crew import Pace, Tools
from rig.guard.envelope import Bounds
from rig.guard.thermometer import BoardSensors
from rig.instruments.bridge import Bridge
from rig.instruments.memory import Timed, in_memory
from rig.instruments.meter import MeterSession
from rig.instruments.registry import open_meter, open_scanner, supply_client
from rig.instruments.scanner import ScannerSession
from rig.instruments.transport import TransportOpener
from rig.recipe import Product, Recipe
from rig.sim.bridge import SimBridge
from rig.sim.dialects import meter_of, scanner_of, supply_of
from rig.sim.effects import Part
from rig.sim.fixture import SimSlot
from rig.sim.manners import Manners
from rig.sim.scpi import Answer
from rig.slot import InstrumentNote, Link, Meter, Scanner, Side, Supply
from rig.slotentry import SlotEntry
from rig.testkit.clock import SharedClock
from rig.testkit.guarded import VirtualGuard
from rig.testkit.parts import VirtualBridgePort, VirtualLink, VirtualMains

MESSAGE_SECONDS = 0.001            # a message's way to an instrument, and its reading it
ENERGY_SECONDS = 0.2               # how often the meter integrates when nobody asks


# The guard's looks, rarer than wired: a trip comes up to half a second later on a board that nobody
# can touch, and a study of thousands of boards takes half the time.
PACE = Pace(pins=0.5, supply=0.5, supply_settled=0.25)


class VirtualSlot:
    """A rig.slot.SlotProvider on ``bench``, a simulated slot whose physics anybody may look at.

    The chain, the instruments' dialects and the guard's rules are those of the wired bench; only
    ports and processes are not there. ``guard`` keeps the guard's notes.
    """

    simulated = True

    def __init__(
        self,
        bench: SimSlot,
        bounds: Bounds,
        product: Product,
        recipe: Recipe,
        run: str,
        clock: SharedClock,
        eeprom_keys: EepromKeys,
    ) -> None:
        self.name = bench.name
        self.eeprom_keys = eeprom_keys
        self.bench = bench
        self.clock = clock
        self._product, self._recipe, self._run = product, recipe, run
        self._entry: SlotEntry = bench.entry
        self._meter_model = meter_of(bench, clock.now())
        self._bridge = SimBridge(bench)
        self._link: VirtualLink | None = None
        self._meter: MeterSession | None = None
        self._scanner: ScannerSession | None = None
        supply = self._opener(supply_of(bench).handle, Part.SUPPLY)
        tools = Tools(
            threads=clock, supply=partial(supply_client, transport=supply), bridge=self._open_bridge,
            pace=PACE, bounds=bounds,
        )
        mains = None if self._entry.supply.pdu_outlet is None else VirtualMains(bench, clock)
        self.guard = VirtualGuard(bench.name, self._entry, mains, clock, tools)
        clock.start("meter", self._integrate)

    # ---- rig.slot.Slot

    @property
    def link(self) -> Link:
        if self._link is None:
            self._link = VirtualLink(self.bench, self.clock, self._product.boot_baud)
        return self._link

    @property
    def supply(self) -> Supply:
        return self.guard.supply

    @property
    def side(self) -> Side:
        return self.guard.side

    @property
    def meter(self) -> Meter:
        if self._meter is None:
            raise InstrumentError(Role.METER, "meter: found none open, expected prepare() first")
        return self._meter

    @property
    def scanner(self) -> Scanner:
        if self._scanner is None:
            raise InstrumentError(Role.SCANNER, "scanner: found none open, expected prepare() first")
        return self._scanner

    # ---- rig.slot.SlotProvider

    def call_guard(self) -> None:
        """It is there from the start on."""

    def prepare(self) -> None:
        self._lease()
        meter = self._opener(self._meter_model.handle, Part.METER)
        self._meter = open_meter(self._entry.meter, self.clock, meter)
        scanner = self._opener(scanner_of(self.bench).handle, Part.SCANNER)
        self._scanner = open_scanner(self._entry.scanner, self._product.domains, self.clock, scanner)

    def power_on(self) -> None:
        cold_start(self.supply, self.side, self._recipe)

    def lease_again(self) -> None:
        self.make_safe()
        self.guard.release()
        self._lease()

    def _lease(self) -> None:
        i2c = self._product.i2c
        self.guard.lease(self._run, BoardSensors(i2c.mux, i2c.sensor, self._product.sensors))

    def make_safe(self) -> float:
        return self.supply.off() if self.guard.leased else math.nan

    def instruments(self) -> tuple[InstrumentNote, ...]:
        notes = []
        with contextlib.suppress(RigError):
            notes.append(InstrumentNote("supply", self._entry.supply.family, self.guard.identify_supply()))
        if self._meter is not None:
            notes.append(InstrumentNote("meter", self._entry.meter.family, str(self._meter.identity)))
        if self._scanner is not None:
            notes.append(InstrumentNote("scanner", self._entry.scanner.family, str(self._scanner.identity)))
        return tuple(notes)

    def close(self) -> None:
        self.guard.release()
        self.clock.end()

    # ---- inside

    def _opener(self, handle: Callable[[str, float], Answer | None], part: Part) -> TransportOpener:
        """An opener of the instrument that ``handle`` is, as far as the slot's faults let it be reached."""
        spoilt = Manners(self.bench, part, handle).handle

        def caught_up(message: str, _sent: float) -> Timed | None:
            self.clock.sleep(MESSAGE_SECONDS)
            now = self.clock.now()
            self._catch_up(now)
            return spoilt(message, now)

        return in_memory(caught_up, lambda: not self._refuses(part))

    def _refuses(self, part: Part) -> bool:
        return self.bench.is_gone(part) or (part is Part.SUPPLY and not self.bench.output.powered)

    def _catch_up(self, now: float) -> None:
        self.bench.look(now)
        self._meter_model.advance(now)

    def _integrate(self) -> None:
        while True:
            self.bench.tick(self.clock.now())
            self._meter_model.advance(self.clock.now())
            self.clock.sleep(ENERGY_SECONDS)

    def _open_bridge(self, port: str, clock: object) -> Bridge:  # noqa: ARG002 - there is one of each
        return Bridge(self.name, self.clock, lambda _: VirtualBridgePort(self._bridge, self.clock))
