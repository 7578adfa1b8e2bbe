"""The output stage of the slot's supply: slew, constant voltage and current, protection that trips."""

from __future__ import annotations

from dataclasses import dataclass

from rig.fixturefile import SupplyEntry
from rig.slot import Mode

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
    powered: bool = True               # mains
    ramp: float = 0.0
    volts: float = 0.0
    amps: float = 0.0
    limiting: bool = False
    _beyond: float = 0.0

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As delivered, and as *RST leaves it."""
        self.off()
        self.volts_set, self.amps_set = 0.0, self.rating.max_amps
        self.over_volts = self.rating.max_volts * OVER_RATING
        self.over_amps = self.rating.max_amps * OVER_RATING
        self.over_amps_armed = False
        self.clear_trips()

    @property
    def tripped(self) -> bool:
        return self.tripped_volts or self.tripped_amps

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
        self.ramp = self._beyond = 0.0

    def clear_trips(self) -> None:
        self.tripped_volts = self.tripped_amps = False

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
        self._beyond = self._beyond + seconds if self.over_amps_armed and amps > self.over_amps else 0.0
        if self._beyond >= TRIP_SECONDS:
            self.tripped_amps = True
        if self.tripped:
            self.off()
