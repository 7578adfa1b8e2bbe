"""The first seam: what one slot of a fixture offers to the procedures that test a board in it.

Two providers: ``rig.fixture.LabgridSlot`` (wired) and, in virtual time, ``rig.testkit``'s. Units
are in the names; every method raises the errors of ``rig.errors`` named beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from rig.clock import Clock
from rig.eepromkeys import EepromKeys


class Status(Enum):
    """Whether an instrument's number is a number. Sentinels end here and never become floats."""

    OK = "ok"
    OVERLOAD = "overload"
    NO_DATA = "no data"


@dataclass(frozen=True, slots=True)
class Reading:
    """One number an instrument gave, or why it gave none."""

    value: float
    status: Status = Status.OK

    @property
    def ok(self) -> bool:
        return self.status is Status.OK and math.isfinite(self.value)

    @classmethod
    def missing(cls, status: Status) -> Reading:
        return cls(math.nan, status)


class Mode(Enum):
    """What a supply regulates."""

    OFF = "off"
    CONSTANT_VOLTAGE = "cv"
    CONSTANT_CURRENT = "cc"
    TRIPPED = "tripped"


@dataclass(frozen=True, slots=True)
class SupplyReading:
    """Supply read-back at its own terminals (or sense leads)."""

    volts: Reading
    amps: Reading
    watts: Reading
    mode: Mode


@dataclass(frozen=True, slots=True)
class PowerReading:
    """Power meter at the fixture's connector. Energy counts from ``Meter.start_energy``."""

    volts: Reading
    amps: Reading
    watts: Reading
    watt_hours: Reading


@dataclass(frozen=True, slots=True)
class ScanReading:
    """One scan of the board: volts across each domain (host side first) and at the board's pads."""

    domains: Sequence[Reading]
    terminals: Reading


@dataclass(frozen=True, slots=True)
class Protection:
    """Trip levels programmed and read back before a supply's output goes on."""

    over_volts: float
    over_amps: float


@dataclass(frozen=True, slots=True)
class Unload:
    """Whether a hand may take the board out, and if not, why (for people; "" when it may).

    ``celsius`` of the hottest board sensor, None when it is not known or no longer matters.
    """

    safe: bool
    seconds_left: float
    celsius: float | None
    why: str


class Phase(Enum):
    """What the board is doing, as the guard must know it: each has its envelope."""

    COLD = "cold"            # reset low, short test: at most a couple of amps
    PRE_OPEN = "pre-open"    # clock running, nothing to hash
    RAMPING = "ramping"      # towards work: clock, volts or work are being moved, by any amount
    HASHING = "hashing"      # settled work: a fall of current that nobody ordered is a break
    OFF = "off"


class Link(Protocol):
    """The chain's UART, in blocks. Errors: LinkError when the port is gone."""

    def set_baud(self, baud: int) -> None:
        """Wait until what was written left the wire, switch the host's rate, drop unread input."""
        ...

    def write(self, data: bytes) -> None: ...

    def read(self, seconds: float) -> bytes:
        """All bytes that wait; if none, wait up to ``seconds`` for the first. May be empty."""
        ...

    def flush_input(self) -> None: ...


class Supply(Protocol):
    """The slot's supply as a worker sees it: through the guard.

    Errors: GuardTrip when the guard switched off, GuardError when it is gone, InstrumentError
    when the supply is.
    """

    def enter(self, phase: Phase, seconds: float) -> None:
        """Announce a phase and its deadline; without a new one in time the guard switches off."""
        ...

    def on(self, volts: float, protection: Protection, limit_amps: float) -> None:
        """Set and read back protection, volts and current limit, then output on, read back."""
        ...

    def set_volts(self, volts: float) -> None:
        """Move the set point of a live output; read back."""
        ...

    def off(self) -> float:
        """Reset low, output off, discharge, all read back; returns the volts left at the supply."""
        ...

    def unload(self) -> Unload:
        """Whether a hand may take the board out now; also after a trip."""
        ...

    def read(self) -> SupplyReading: ...


class Meter(Protocol):
    """The power meter. Errors: InstrumentError."""

    def start_energy(self) -> None: ...

    def read(self) -> PowerReading: ...


class Scanner(Protocol):
    """The multimeter with a scanner on the thirteen domains and the pads. Errors: InstrumentError."""

    def read(self) -> ScanReading: ...


class Side(Protocol):
    """The fixture's side channel as a worker sees it: through the guard.

    Errors: NoAcknowledge when an I2C device is silent, BridgeError when the bridge is.
    """

    def i2c_write(self, address: int, data: bytes) -> None: ...

    def i2c_read(self, address: int, count: int) -> bytes: ...

    def i2c_write_read(self, address: int, data: bytes, count: int) -> bytes: ...

    def hold_reset(self) -> None:
        """Pull the chain's reset low."""
        ...

    def release_reset(self) -> None: ...

    def close_loopback(self) -> None:
        """Join TX to RX at the fixture, away from the board."""
        ...

    def open_loopback(self) -> None: ...

    def set_fans(self, share: float) -> None:
        """Command all fans to ``share`` (0..1) of full PWM; the guard may keep more."""
        ...

    def fan_rpm(self) -> tuple[float, ...]: ...


@dataclass(frozen=True, slots=True)
class InstrumentNote:
    """One instrument as a record names it."""

    role: str
    family: str
    identity: str


class Slot(Protocol):
    """Everything one board needs."""

    @property
    def name(self) -> str: ...
    @property
    def simulated(self) -> bool: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def link(self) -> Link: ...
    @property
    def supply(self) -> Supply: ...
    @property
    def meter(self) -> Meter: ...
    @property
    def scanner(self) -> Scanner: ...
    @property
    def side(self) -> Side: ...
    @property
    def eeprom_keys(self) -> EepromKeys:
        """What the customer gave to read and write the EEPROMs of the boards in it."""
        ...


class SlotProvider(Slot, Protocol):
    """A slot from connect to safe, as whoever runs a plan in it holds it."""

    def prepare(self) -> None:
        """Connect, take the guard's lease, identify the instruments. After ``call_guard``.

        Raises GuardError, InstrumentError, BridgeError, LinkError.
        """
        ...

    def power_on(self) -> None:
        """Reset held low, then the cold volts of the recipe, protection read back first."""
        ...

    def lease_again(self) -> None:
        """After a trip: safe, then a fresh lease on the slot as it stands; its instruments stay open.

        Raises what ``prepare`` raises.
        """
        ...

    def make_safe(self) -> float:
        """Reset low, output off, discharged, read back; the volts left (NaN when never leased)."""
        ...

    def call_guard(self) -> None:
        """Have a guard at hand; one that is started anew switches everything off first."""
        ...

    def instruments(self) -> tuple[InstrumentNote, ...]:
        """Who measured: identities of what has been opened so far."""
        ...

    def close(self) -> None:
        """Let go of ports and lease; the guard switches off whatever may still be live."""
        ...
