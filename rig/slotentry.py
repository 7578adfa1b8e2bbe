"""One slot of a fixture file: what is wired to it, and how each part is found."""

from __future__ import annotations

import re
from datetime import date, timedelta
from enum import Enum
from typing import Self

from pydantic import Field, field_validator, model_validator

from rig.datafile import Data

Option = bool | int | float | str | list[int] | list[str] | None
RAW_TCP = re.compile(r"tcp://[^/:\s]+:\d{1,5}")


class Colour(Enum):
    """A lamp of the slot's stack light."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"


class Pins(Data):
    """GPIO numbers on the fixture bridge (docs/station.md). True levels are electrical highs."""

    reset: int = Field(default=0, ge=0, le=63)          # output, low holds the chain in reset
    loopback: int = Field(default=1, ge=0, le=63)       # output, high joins TX to RX at the fixture
    discharge: int = Field(default=2, ge=0, le=63)      # output, low discharges: the relay rests there
    estop: int = Field(default=3, ge=0, le=63)          # input, high: the e-stop loop is closed
    lid: int = Field(default=4, ge=0, le=63)            # input, high: the lid is closed
    seated: int = Field(default=5, ge=0, le=63)         # input, high: a board is seated
    watchdog_feed: int | None = Field(default=None, ge=0, le=63)    # output, edges keep the relay closed
    watchdog_closed: int | None = Field(default=None, ge=0, le=63)  # input, high: the relay is closed
    light_red: int | None = Field(default=None, ge=0, le=63)        # outputs, high lights the lamp
    light_amber: int | None = Field(default=None, ge=0, le=63)
    light_green: int | None = Field(default=None, ge=0, le=63)

    @property
    def lights(self) -> dict[Colour, int]:
        """The pins of the stack light's lamps, of those there are."""
        pins = {Colour.RED: self.light_red, Colour.AMBER: self.light_amber, Colour.GREEN: self.light_green}
        return {colour: pin for colour, pin in pins.items() if pin is not None}

    @model_validator(mode="after")
    def _all_different(self) -> Self:
        numbers = [number for number in self.model_dump().values() if number is not None]
        if len(set(numbers)) != len(numbers):
            raise ValueError("different pin numbers")
        return self


class InstrumentEntry(Data):
    """What every instrument's line may say. A serial number or model named here is demanded."""

    family: str
    resource: str | None = None                 # VISA name, TCPIP::host::port::SOCKET
    serial_number: str | None = None
    model: str | None = None                    # how its model name begins, instead of the family's
    options: dict[str, Option] = Field(default={})      # the family's settings, docs/instruments.md
    calibrated: date | None = None
    certificate: str | None = None
    calibration_due: date | int | None = None   # a date, or days from calibrated

    @field_validator("calibration_due", mode="before")
    @classmethod
    def _some_days(cls, value: object) -> object:
        if isinstance(value, int) and value < 1:
            raise ValueError("a date, or at least one day from calibrated on")
        return value

    @model_validator(mode="after")
    def _days_from_a_date(self) -> Self:
        if isinstance(self.calibration_due, int) and self.calibrated is None:
            raise ValueError("calibrated: a date, since calibration_due counts days from it")
        return self

    @property
    def calibration_ends(self) -> date | None:
        """The last day on which its calibration holds; None when the file does not say."""
        if isinstance(self.calibration_due, int) and self.calibrated is not None:
            return self.calibrated + timedelta(days=self.calibration_due)
        return self.calibration_due if isinstance(self.calibration_due, date) else None


class SupplyEntry(InstrumentEntry):
    """The slot's supply. Ratings are the model's; levels beyond them are refused."""

    family: str = "scpi99"
    max_volts: float = Field(gt=0)
    max_amps: float = Field(gt=0)
    max_watts: float = Field(gt=0)
    pdu_outlet: int | None = Field(default=None, ge=1)
    remote_sense: bool = True                   # regulates and reads back at the fixture's connector
    cable_ohms: float = Field(default=0.002, ge=0)      # a round trip, supply to connector
    watchdog_seconds: float | None = Field(default=None, ge=1, le=10)   # silence after which it is off

    @property
    def unsensed_ohms(self) -> float:
        """What lies between the point it regulates and reads back and the fixture's connector."""
        return 0.0 if self.remote_sense else self.cable_ohms


class MeterEntry(InstrumentEntry):
    family: str = "wt300e"


class ScannerEntry(InstrumentEntry):
    """Channels in the family's own numbering; the first domain is the one nearest the host."""

    family: str = "daq970a"
    first_domain_channel: int = 101
    terminal_channel: int = 120


class Watchdog(Enum):
    """What else than the supply's own watchdog switches a slot off when its guard is dead."""

    PDU = "pdu"                                 # the outlet goes off when nobody feeds its watchdog
    RELAY = "relay"                             # a one-shot in the mains opens without edges from the bridge


class ChainTransport(Enum):
    """How a simulated bench serves a slot's chain."""

    PTY = "pty"
    TCP = "tcp"                                 # raw, as a serial server does: the host's rate is not seen


class SlotEntry(Data):
    """Everything one board needs."""

    watchdog: Watchdog | None = None            # beside supply.watchdog_seconds
    watchdog_seconds: float = Field(default=2, ge=1, le=10)    # without a feed, until it opens
    chain: str | None = None                    # the chain's UART: serial device, or tcp://host:port
    chain_transport: ChainTransport = ChainTransport.PTY    # of a simulated bench; a real one's is in chain
    bridge: str | None = None                   # serial device of the fixture bridge's control port
    pins: Pins = Pins()
    fan_controller: int = Field(default=0x2F, ge=3, le=0x77)   # I2C address, EMC2305 class
    supply: SupplyEntry
    meter: MeterEntry
    scanner: ScannerEntry

    @field_validator("chain")
    @classmethod
    def _serial_or_raw_tcp(cls, chain: str | None) -> str | None:
        if chain is not None and "://" in chain and not RAW_TCP.fullmatch(chain):
            # rfc2217 too: nobody knows when a change of rate takes effect there
            raise ValueError("a serial device or tcp://HOST:PORT, raw; no other kind of serial server")
        return chain

    @property
    def instruments(self) -> dict[str, InstrumentEntry]:
        """By their roles, which are the bench's words for these parts too."""
        return {"supply": self.supply, "meter": self.meter, "scanner": self.scanner}

    def overdue(self, today: date) -> dict[str, date]:
        """Roles whose calibration has ended, and when it did."""
        ends = {role: one.calibration_ends for role, one in self.instruments.items()}
        return {role: day for role, day in ends.items() if day is not None and day < today}

    def addresses(self) -> dict[str, str | None]:
        """Where each part is found, by the words the bench uses too."""
        instruments = {role: one.resource for role, one in self.instruments.items()}
        return {"uart": self.chain, "bridge": self.bridge, **instruments}

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
