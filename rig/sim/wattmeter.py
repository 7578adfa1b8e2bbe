"""What a power meter at the fixture's connector measures, whatever dialect it speaks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from rig.sim.fixture import SimSlot
from rig.sim.gauge import Gauge


class Counting(Enum):
    """Where the integration stands. Counts are there from the first start on."""

    RESET = "reset"
    RUNNING = "running"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Shown:
    """One set of readings; energy and its time are NaN before the first start."""

    volts: float
    amps: float
    watts: float
    watt_hours: float
    seconds: float


class Wattmeter:
    """Volts, amps and energy with the gauges' errors. ``advance`` keeps the count."""

    def __init__(self, slot: SimSlot, now: float) -> None:
        self._slot = slot
        self._volts, self._amps = Gauge(slot.seed, 2), Gauge(slot.seed, 3)
        self.counting = Counting.RESET
        self._joules = self._seconds = 0.0
        self._at, self._watts_then = now, 0.0

    @property
    def overloaded(self) -> bool:
        board = self._slot.board
        return board is not None and board.effects.meter_overload

    def advance(self, now: float) -> None:
        """Integrate up to ``now``."""
        watts = self._slot.power.connector_watts + self._slot.meter_offset_watts
        if self.counting is Counting.RUNNING:
            self._joules += (watts + self._watts_then) / 2 * (now - self._at)
            self._seconds += now - self._at
        self._at, self._watts_then = now, watts

    def reset(self) -> None:
        self.counting = Counting.RESET
        self._joules = self._seconds = 0.0

    def start(self, now: float) -> None:
        self.advance(now)
        self.counting = Counting.RUNNING

    def stop(self, now: float) -> None:
        self.advance(now)
        if self.counting is Counting.RUNNING:
            self.counting = Counting.STOPPED

    def read(self) -> Shown:
        power = self._slot.power
        volts, amps = self._volts.read(power.connector_volts), self._amps.read(power.supply_amps)
        known = math.nan if self.counting is Counting.RESET else 1.0
        watts = volts * amps + self._slot.meter_offset_watts
        return Shown(volts, amps, watts, self._joules / 3600 * known, self._seconds * known)
