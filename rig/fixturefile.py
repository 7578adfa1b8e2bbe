"""Fixture files: one bench, its slots and what is wired to each. Checked whole, before labgrid."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from rig.datafile import Data, load
from rig.destinations import PlantEntry, TelemetryEntry
from rig.eepromkeys import EepromEntry
from rig.errors import UsageError
from rig.mesentry import MesEntry
from rig.panelentry import PanelEntry
from rig.slotentry import ChainTransport, SlotEntry, Watchdog
from rig.watchentry import WatchEntry

# A whole board without any cooling gains 0.9 K/s at 1,060 W (1,235 J/K, assumed). Scenarios of the
# simulated bench divide its thermal time constants by 20 as a rule, and by more.
RISE_KELVIN_PER_SECOND = 2.0
SIMULATED_RISE_KELVIN_PER_SECOND = 60.0

Site = Annotated[str, Field(pattern=r"^\p{L}[\p{L}\p{M}\p{N} .,'()/&-]{0,79}$")]     # one plain line
SlotName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]     # names locks and logs, too


class UnloadEntry(Data):
    """When a hand may take a board out: all three together."""

    volts: float = Field(default=1.0, gt=0)     # at the supply, below
    seconds: float = Field(default=30.0, ge=0)  # since it was proved off
    celsius: float = Field(default=45.0)        # hottest board sensor, at most


class FeedEntry(Data):
    """One breaker of the mains and the slots behind it. 80 % of its rating may flow for long."""

    amps: float = Field(gt=0)
    volts: float = Field(gt=0)
    slots: list[SlotName] = Field(min_length=1)
    efficiency: float = Field(default=0.9, gt=0.5, le=1)    # of the supplies, mains to output
    gap_seconds: float = Field(default=0.5, ge=0, le=5)     # between two slots' going on

    @property
    def watts(self) -> float:
        """What all its slots together may take at the supplies' outputs."""
        return 0.8 * self.amps * self.volts * self.efficiency


class RetestPolicy(Enum):
    """What a bench makes of a product's retest policy."""

    TOLD = "told"                               # the record and the ending say what is next
    ENFORCED = "enforced"                       # and a board in quarantine is not run


class FixtureFile(Data):
    """One bench. A simulated one gets its addresses from the bench process; a real one names them."""

    schema_version: int = Field(default=1, ge=1, le=1)
    fixture: str = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")
    station: str = Field(default="unnamed", pattern=r"^[A-Za-z0-9_.-]{1,40}$")
    site: Site | None = None                    # works and town; the passport names it
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")    # ISO 3166-1, two letters
    simulated: bool
    board: str | None = None                    # product whose boards stand on a simulated bench
    pdu: str | None = None                      # base address, http://host:port
    production: bool | None = None              # None: a real bench is, a simulated one is not
    retest_policy: RetestPolicy | None = None   # None: a real bench enforces, a simulated one tells
    unload: UnloadEntry = UnloadEntry()
    feeds: dict[SlotName, FeedEntry] = Field(default={})
    most_kelvin_per_second: float | None = Field(default=None, gt=0)    # a rise beyond it switches off
    panel: PanelEntry = PanelEntry()
    plant: PlantEntry | None = None             # where runs and repairs go (docs/plant.md)
    telemetry: TelemetryEntry | None = None     # where the seconds of a run go
    mes: MesEntry | None = None                 # who is asked before a run and told after it (docs/mes.md)
    eeprom: EepromEntry | None = None           # the keys of enciphered EEPROMs (docs/passport.md)
    watch: WatchEntry = WatchEntry()            # what is looked at and who is told (docs/watch.md)
    slots: dict[SlotName, SlotEntry] = Field(min_length=1)

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        if self.simulated != (self.board is not None):
            raise ValueError("board: a product, on a simulated bench and only there")
        taken: dict[str, str] = {}
        for name, slot in self.slots.items():
            for part, address in slot.addresses().items():
                if address is not None and address in taken:
                    raise ValueError(f"{part} of {name} at an address of its own, not at that of "
                                     f"{taken[address]} ({address})")
                if address is not None:
                    taken[address] = f"{part} of {name}"
                if self.simulated and address is not None:
                    raise ValueError(f"no address for {part} of {name}: a simulated bench chooses them")
                if not self.simulated and address is None:
                    raise ValueError(f"an address for {part} of {name}: a real bench names them all")
            if not self.simulated and slot.chain_transport is not ChainTransport.PTY:
                raise ValueError(f"chain: tcp://host:port for {name}; chain_transport is a simulated bench's")
        return self

    @model_validator(mode="after")
    def _feeds(self) -> Self:
        fed: dict[str, str] = {}
        for name, feed in self.feeds.items():
            for slot in feed.slots:
                if slot not in self.slots:
                    raise ValueError(f"feed {name}: slots of this bench, not {slot!r}")
                if slot in fed:
                    raise ValueError(f"{slot} behind one feed, not behind {fed[slot]} and {name}")
                fed[slot] = name
        return self

    @model_validator(mode="after")
    def _watchdogs(self) -> Self:
        """What the guard needs to arm and feed them."""
        outlets = [slot.supply.pdu_outlet for slot in self.slots.values()]
        for name, slot in self.slots.items():
            pins, outlet = (slot.pins.watchdog_feed, slot.pins.watchdog_closed), slot.supply.pdu_outlet
            if slot.watchdog is Watchdog.RELAY and None in pins:
                raise ValueError(f"pins watchdog_feed and watchdog_closed for {name}, for its relay")
            if slot.watchdog is not Watchdog.RELAY and pins != (None, None):
                raise ValueError(f"watchdog: relay for {name}, whose pins name one")
            nowhere = outlet is None or not (self.pdu or self.simulated)
            if slot.watchdog is Watchdog.PDU and (nowhere or outlets.count(outlet) > 1):
                raise ValueError(f"pdu and a supply.pdu_outlet of its own for {name}, whose watchdog it is")
        return self

    @model_validator(mode="after")
    def _production(self) -> Self:
        """What a bench must have before boards are tested on it for customers."""
        if not self.for_production:
            return self
        for name, slot in self.slots.items():
            if slot.watchdog is None and slot.supply.watchdog_seconds is None:
                raise ValueError(
                    f"a watchdog for {name}, since a dead computer must not leave it live: "
                    "supply.watchdog_seconds, or watchdog: pdu or relay (or production: false)"
                )
        usual, unload = UnloadEntry(), self.unload
        if (unload.volts > usual.volts or unload.seconds < usual.seconds or unload.celsius > usual.celsius
                or (self.most_kelvin_per_second or 0) > RISE_KELVIN_PER_SECOND):
            raise ValueError(
                f"unload and most_kelvin_per_second no laxer than {usual.volts:g} V, {usual.seconds:g} s, "
                f"{usual.celsius:g} °C and {RISE_KELVIN_PER_SECOND:g} K/s on a production bench"
            )
        return self

    @property
    def for_production(self) -> bool:
        return not self.simulated if self.production is None else self.production

    @property
    def retests(self) -> RetestPolicy:
        """Simulated boards are tried again and again under one serial: there it only tells."""
        return self.retest_policy or (RetestPolicy.TOLD if self.simulated else RetestPolicy.ENFORCED)

    @property
    def kelvin_per_second(self) -> float:
        """The rise that switches off. A simulated bench may run its heat many times faster."""
        usual = SIMULATED_RISE_KELVIN_PER_SECOND if self.simulated else RISE_KELVIN_PER_SECOND
        return self.most_kelvin_per_second or usual

    def slot(self, name: str) -> SlotEntry:
        """One slot by name. Raises UsageError naming those there are."""
        if name not in self.slots:
            known = ", ".join(self.slots)
            raise UsageError(f"slot {name!r}: not on fixture {self.fixture}, which has {known}")
        return self.slots[name]


def load_fixture(file: Path) -> FixtureFile:
    """Read and check a fixture file. Raises FileError."""
    return load(file, FixtureFile)
