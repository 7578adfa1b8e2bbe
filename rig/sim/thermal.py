"""Heat and air: one mass with sensors around its temperature, and the fixture's four fans.

Assumed figures but for the fans' speeds and the warming time, which a log of an S21 gives
(docs/scenarios.md): thermal resistance 18.5 K/kW x share^-0.8, capacity 1,235 J/K, sensors at -8, -3, 0
and +3 K around a warm board's temperature, fans 320 + 6,330 x share rpm.
"""

from __future__ import annotations

import math

import numpy as np

from rig.sim.arrays import Floats

FULL_AIR_KELVIN_PER_WATT = 0.0185
JOULES_PER_KELVIN = 1235.0
AIR_EXPONENT = -0.8
LEAST_AIR = 0.02
SENSOR_KELVIN = (-8.0, -3.0, 0.0, 3.0)

IDLE_RPM, SPAN_RPM = 320.0, 6330.0
SPIN_SECONDS = 0.5                 # time constant: 95 % of a change after 1.5 s
FAN_SPREAD = 0.02
FANS = 4


FULL_SPREAD_KELVIN = 28.0          # of rise over the room: a cold board is as warm everywhere


def sensor_places(sensors: int) -> Floats:
    """Kelvin of each sensor around the board's temperature, (sensors,)."""
    wanted = np.linspace(0, len(SENSOR_KELVIN) - 1, sensors)
    return np.interp(wanted, range(len(SENSOR_KELVIN)), SENSOR_KELVIN)


class Thermal:
    """The board's temperature. ``time_scale`` divides its time constant."""

    def __init__(self, ambient_celsius: float, time_scale: float) -> None:
        self.celsius = ambient_celsius
        self.ambient = ambient_celsius
        self._time_scale = time_scale

    def move_room(self, celsius: float, *, board_too: bool) -> None:
        """The room is at another temperature; ``board_too``: it has been so for long."""
        self.ambient = celsius
        if board_too:
            self.celsius = celsius

    @property
    def spread(self) -> float:
        """How much of the sensors' places shows, 0..1."""
        return min(1.0, max(0.0, (self.celsius - self.ambient) / FULL_SPREAD_KELVIN))

    def step(self, watts: float, air: float, factor: float, seconds: float) -> None:
        """Let ``seconds`` pass at ``watts``, an air share 0..1 and a factor on the resistance."""
        resistance = FULL_AIR_KELVIN_PER_WATT * max(air, LEAST_AIR) ** AIR_EXPONENT * factor
        settled = self.ambient + watts * resistance
        decay = math.exp(-seconds * self._time_scale / (resistance * JOULES_PER_KELVIN))
        self.celsius = settled + (self.celsius - settled) * decay


class Fans:
    """Four fans: each follows its drive with a lag; a stopped one runs down. Full until told."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([seed, 4])
        self.drive: Floats = np.ones(FANS)
        self._spread = 1 + FAN_SPREAD * np.clip(rng.standard_normal(FANS) / 2, -1, 1)
        self._share: Floats = self.drive + IDLE_RPM / SPAN_RPM
        self._stopped: set[int] = set()
        self._full = False

    def stop(self, fans: set[int], *, full: bool = False) -> None:
        """Which fans do not turn, and whether the rest run at ``full``, whatever their drive."""
        self._stopped, self._full = fans, full

    def step(self, seconds: float) -> None:
        target = (np.ones(FANS) if self._full else self.drive) + IDLE_RPM / SPAN_RPM
        for fan in self._stopped:
            target[fan] = 0.0
        self._share += (target - self._share) * (1 - math.exp(-seconds / SPIN_SECONDS))

    @property
    def rpm(self) -> Floats:
        speeds: Floats = self._share * SPAN_RPM * self._spread
        return speeds

    @property
    def air(self) -> float:
        """Share of full air, 0..1."""
        return float(np.clip(self._share - IDLE_RPM / SPAN_RPM, 0.0, 1.0).mean())
