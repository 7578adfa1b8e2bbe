"""The output stage of the slot's supply: slew, constant voltage and current, protection that trips."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rig.slot import Mode
from rig.slotentry import SupplyEntry

SLEW_VOLTS_PER_SECOND = 50.0
TRIP_SECONDS = 0.01                # how long a current must stand above its trip level
OVER_RATING = 1.1                  # trip levels may be set this far beyond the ratings


@dataclass(slots=True)
class SupplyOutput:
    """What is set, and what the output does. ``ramp`` is the volts its regulator aims at now.

    ``volts`` and ``amps`` are at its own terminals. A trip switches the output off and stays until
    it is cleared.
    """

    rating: SupplyEntry
    volts_set: float = 0.0
    amps_set: float = 0.0
    over_volts: float = 0.0
    over_amps: float = 0.0
    over_amps_armed: bool = False
    on: bool = False
    tripped_volts: bool = False
    tripped_amps: bool = False
    tripped_watchdog: bool = False
    foldback_seconds: float | None = None      # trips after so long in current limit; None: it does not
    watchdog_seconds: float | None = None      # trips after so long without a message; None: it does not
    powered: bool = True               # mains
    fault_amps: float = math.inf       # a faulty protection trips here, whatever is set
    ramp: float = 0.0
    volts: float = 0.0
    amps: float = 0.0
    limiting: bool = False
    _beyond: float = 0.0
    _folded: float = 0.0
    _unheard: float = 0.0

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As delivered, and as *RST leaves it."""
        self.off()
        self.volts_set, self.amps_set = 0.0, self.rating.max_amps
        self.over_volts = self.rating.max_volts * OVER_RATING
        self.over_amps = self.rating.max_amps * OVER_RATING
        self.over_amps_armed = False
        self.foldback_seconds = self.watchdog_seconds = None
        self.clear_trips()

    @property
    def orders(self) -> tuple[bool, float, float, bool]:
        """What it was last told; another tuple means that its circuit is about to change."""
        return self.on, self.volts_set, self.amps_set, self.powered

    @property
    def tripped(self) -> bool:
        return self.tripped_volts or self.tripped_amps or self.tripped_watchdog

    @property
    def mode(self) -> Mode:
        if self.tripped:
            return Mode.TRIPPED
        if not self.on:
            return Mode.OFF
        return Mode.CONSTANT_CURRENT if self.limiting else Mode.CONSTANT_VOLTAGE

    def switch_on(self) -> bool:
        """Output on; refused (False) while a trip stands."""
        if self.tripped or not self.powered:
            return False
        self.on = True
        return True

    def feed_mains(self, *, on: bool) -> None:
        """Mains at the supply's inlet; without it everything set is lost."""
        if self.powered and not on:
            self.reset()
        self.powered = on

    def off(self) -> None:
        self.on = self.limiting = False
        self.ramp = self._beyond = self._folded = 0.0

    def clear_trips(self) -> None:
        self.tripped_volts = self.tripped_amps = self.tripped_watchdog = False

    def hear(self) -> None:
        """A message came: the watchdog counts anew."""
        self._unheard = 0.0

    @property
    def watchdog_left(self) -> float:
        """Seconds until the watchdog trips if no message comes; infinity without one."""
        return math.inf if self.watchdog_seconds is None else max(0.0, self.watchdog_seconds - self._unheard)

    def slew(self, seconds: float) -> None:
        """Move the regulator towards the set point."""
        if self.on:
            most = SLEW_VOLTS_PER_SECOND * seconds
            self.ramp += max(-most, min(most, self.volts_set - self.ramp))

    def settle(self, volts: float, amps: float, seconds: float, *, limiting: bool) -> None:
        """What the circuit made of the output in a step; trips if it must."""
        self.volts, self.amps, self.limiting = volts, amps, limiting
        if not self.on:
            return
        if volts > self.over_volts:
            self.tripped_volts = True
        most = min(self.fault_amps, self.over_amps if self.over_amps_armed else math.inf)
        self._beyond = self._beyond + seconds if amps > most else 0.0
        self._folded = self._folded + seconds if limiting else 0.0
        if self._beyond >= TRIP_SECONDS or _longer(self._folded, self.foldback_seconds):
            self.tripped_amps = True
        self._unheard += seconds
        if _longer(self._unheard, self.watchdog_seconds):
            self.tripped_watchdog = True
        if self.tripped:
            self.off()


def _longer(seconds: float, limit: float | None) -> bool:
    return limit is not None and seconds >= limit
