"""Fixture files: one bench, its slots and what is wired to each. Checked whole, before labgrid."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from rig.datafile import Data, load
from rig.errors import UsageError

SlotName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]     # names locks and logs, too


class Pins(Data):
    """GPIO numbers on the fixture bridge (docs/station.md). True levels are electrical highs."""

    reset: int = Field(default=0, ge=0, le=63)          # output, low holds the chain in reset
    loopback: int = Field(default=1, ge=0, le=63)       # output, high joins TX to RX at the fixture
    discharge: int = Field(default=2, ge=0, le=63)      # output, low discharges: the relay rests there
    estop: int = Field(default=3, ge=0, le=63)          # input, high: the e-stop loop is closed
    lid: int = Field(default=4, ge=0, le=63)            # input, high: the lid is closed
    seated: int = Field(default=5, ge=0, le=63)         # input, high: a board is seated

    @model_validator(mode="after")
    def _all_different(self) -> Self:
        numbers = list(self.model_dump().values())
        if len(set(numbers)) != len(numbers):
            raise ValueError("six different pin numbers")
        return self


class SupplyEntry(Data):
    """The slot's supply. Ratings are the model's; levels beyond them are refused."""

    family: str = "scpi99"
    resource: str | None = None                 # VISA name, TCPIP::host::port::SOCKET
    serial_number: str | None = None
    max_volts: float = Field(gt=0)
    max_amps: float = Field(gt=0)
    max_watts: float = Field(gt=0)
    pdu_outlet: int | None = Field(default=None, ge=1)


class MeterEntry(Data):
    family: str = "wt300e"
    resource: str | None = None
    serial_number: str | None = None


class ScannerEntry(Data):
    """Channels in the family's own numbering; the first domain is the one nearest the host."""

    family: str = "daq970a"
    resource: str | None = None
    serial_number: str | None = None
    first_domain_channel: int = 101
    terminal_channel: int = 120


class SlotEntry(Data):
    chain: str | None = None                    # serial device of the chain's UART
    bridge: str | None = None                   # serial device of the fixture bridge's control port
    pins: Pins = Pins()
    fan_controller: int = Field(default=0x2F, ge=3, le=0x77)   # I2C address, EMC2305 class
    supply: SupplyEntry
    meter: MeterEntry
    scanner: ScannerEntry

    def addresses(self) -> dict[str, str | None]:
        """Where each part is found, by the words the bench uses too."""
        return {
            "uart": self.chain,
            "bridge": self.bridge,
            "supply": self.supply.resource,
            "meter": self.meter.resource,
            "scanner": self.scanner.resource,
        }

    def at(self, ports: dict[str, str]) -> SlotEntry:
        """The same slot with the addresses a running bench gave."""
        return self.model_copy(
            update={
                "chain": ports["uart"],
                "bridge": ports["bridge"],
                "supply": self.supply.model_copy(update={"resource": ports["supply"]}),
                "meter": self.meter.model_copy(update={"resource": ports["meter"]}),
                "scanner": self.scanner.model_copy(update={"resource": ports["scanner"]}),
            }
        )


class FixtureFile(Data):
    """One bench. A simulated one gets its addresses from the bench process; a real one names them."""

    schema_version: int = Field(default=1, ge=1, le=1)
    fixture: str = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")
    station: str = Field(default="unnamed", pattern=r"^[A-Za-z0-9_.-]{1,40}$")
    simulated: bool
    board: str | None = None                    # product whose boards stand on a simulated bench
    pdu: str | None = None                      # base address, http://host:port
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
        return self

    def slot(self, name: str) -> SlotEntry:
        """One slot by name. Raises UsageError naming those there are."""
        if name not in self.slots:
            known = ", ".join(self.slots)
            raise UsageError(f"slot {name!r}: not on fixture {self.fixture}, which has {known}")
        return self.slots[name]


def load_fixture(file: Path) -> FixtureFile:
    """Read and check a fixture file. Raises FileError."""
    return load(file, FixtureFile)
