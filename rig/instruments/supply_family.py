"""How DC supplies of one family are spoken to, as data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from rig.instruments.numbers import parse_register, parse_switch
from rig.instruments.session import Session
from rig.instruments.transport import NEWLINES, Wire
from rig.slot import Mode

# A supply is asked twice before it counts as gone, and a live board waits.
SUPPLY_SECONDS = 1.0


class StatusMap(Protocol):
    """Where a family says what it regulates and whether it tripped."""

    def mode(self, session: Session) -> Mode | None:
        """Asked of the supply; None when the answer leaves open whether the output is on."""
        ...


@dataclass(frozen=True, slots=True)
class ConditionRegisters:
    """Two condition registers, as SCPI-99 has them: what is regulated, and what tripped."""

    operation: str
    constant_voltage_bit: int
    constant_current_bit: int
    off_bit: int                                # 0 where the family has none
    questionable: str
    trip_bits: int

    def mode(self, session: Session) -> Mode | None:
        if session.query(self.questionable, parse_register) & self.trip_bits:
            return Mode.TRIPPED
        bits = session.query(self.operation, parse_register)
        if bits & self.off_bit:
            return Mode.OFF
        if bits & self.constant_current_bit:
            return Mode.CONSTANT_CURRENT
        return Mode.CONSTANT_VOLTAGE if bits & self.constant_voltage_bit else None


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One answer ``bits,ON|OFF,CV|CC``."""

    query: str
    trip_bits: int

    def mode(self, session: Session) -> Mode | None:
        return session.query(self.query, self._parsed)

    def _parsed(self, line: str) -> Mode:
        bits, output, regulated = (word.strip().upper() for word in line.split(","))
        if regulated not in ("CV", "CC", "NONE", ""):
            raise ValueError(f"{regulated!r} is neither CV nor CC")
        if parse_register(bits) & self.trip_bits:
            return Mode.TRIPPED
        if not parse_switch(output):
            return Mode.OFF
        return Mode.CONSTANT_CURRENT if regulated == "CC" else Mode.CONSTANT_VOLTAGE


@dataclass(frozen=True, slots=True)
class Watchdog:
    """A watchdog in the supply: output off when nothing was heard for ``delay`` seconds."""

    delay: str                                  # takes seconds
    state: str                                  # takes ON and OFF
    step_seconds: float = 1.0
    least_seconds: float = 1.0

    def steps(self, seconds: float) -> float:
        """The delay that can be set, at most ``seconds`` unless that is too short for the supply."""
        return max(self.least_seconds, math.floor(seconds / self.step_seconds) * self.step_seconds)


@dataclass(frozen=True, slots=True)
class SupplyFamily:
    """A setting ``X`` takes ``X value`` and ``X?``. What a family does not have is None or empty.

    ``volt_bounds`` and ``amp_bounds`` are soft limits that lie between a level and its protection;
    they follow the protection. ``acknowledge`` is what each line that is no question is answered
    with, where the family answers at all.
    """

    name: str
    models: tuple[str, ...]                     # beginnings of model names; empty accepts any
    opening: tuple[str, ...]                    # after each identification, also with the output on
    volts: str
    limit_amps: str
    over_volts: str | None
    over_amps: str | None                       # None: the current limit protects
    enable_protection: tuple[str, ...]
    output: str
    clear_protection: str | None
    measure_volts: str
    measure_amps: str
    measure_watts: str | None
    status: StatusMap | None
    prepare: tuple[str, ...] = ()               # before levels are set
    volt_bounds: tuple[str, ...] = ()
    amp_bounds: tuple[str, ...] = ()
    watchdog: Watchdog | None = None
    error_query: str | None = "SYST:ERR?"
    acknowledge: str | None = None
    seconds: float = SUPPLY_SECONDS
    wire: Wire = NEWLINES
