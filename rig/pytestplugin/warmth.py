"""What a board's heat path is worth: temperature and fans of the last seconds against a sound board."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from rig.recipe.recipe import Cooling

COOLING_SECONDS = 10.0          # averaged over so long: the controller has settled by then
MOVED_KELVIN = 0.5              # a board that moved less tells nothing of its sensors


@dataclass(frozen=True, slots=True)
class _Warmth:
    seconds: float
    hottest: float
    fan_share: float


class WarmthLog:
    """Remembers the hottest sensor of the run, and the last seconds of temperature and fans."""

    def __init__(self, cooling: Cooling) -> None:
        self._cooling = cooling
        self._last: deque[_Warmth] = deque()
        self._lowest: list[float] = []
        self._highest: list[float] = []
        self.hottest = -math.inf

    @property
    def present(self) -> float:
        """The hottest sensor at the last tick that told it, celsius; NaN before."""
        return self._last[-1].hottest if self._last else math.nan

    def begin(self) -> None:
        """A new phase: its own last seconds count."""
        self._last.clear()
        self._lowest, self._highest = [], []

    def feel(self, tick: object) -> None:
        """Take a tick, if it tells temperature and fans."""
        seconds, hottest, share = (getattr(tick, name, None) for name in ("seconds", "hottest", "fan_share"))
        if seconds is None or hottest is None or share is None:
            return
        self._stretch(getattr(tick, "celsius", ()))
        self.hottest = max(self.hottest, hottest)
        self._last.append(_Warmth(seconds, hottest, share))
        while seconds - self._last[0].seconds > COOLING_SECONDS:
            self._last.popleft()

    def follow_shares(self) -> tuple[float, ...]:
        """(sensors,) how far each sensor moved in this phase, against the one that moved furthest.

        All 1 when the board as a whole hardly moved; NaN for a sensor that told nothing.
        """
        moved = [high - low for low, high in zip(self._lowest, self._highest, strict=True)]
        furthest = max((value for value in moved if math.isfinite(value)), default=0.0)
        if furthest < MOVED_KELVIN:
            return tuple(1.0 for _ in moved)
        return tuple(value / furthest if math.isfinite(value) else math.nan for value in moved)

    def cooling_ratio(self, watts: float, cold: Sequence[float | None]) -> float:
        """Kelvin over ambient against a sound board's at the same ``watts`` and fans; NaN unknown.

        Ambient is the coolest sensor of ``cold``, read before power: a plan starts with a cold board.
        """
        kelvin, share = self._rise(cold)
        return kelvin / self._cooling.expected_kelvin(watts, share) if share > 0 else math.nan

    def kelvin_per_kilowatt(self, watts: float, cold: Sequence[float | None]) -> float:
        """The board's thermal resistance at the recipe's fan share, to which that of the last seconds
        is brought; NaN unknown. ``watts`` and ``cold`` as for ``cooling_ratio``."""
        kelvin, share = self._rise(cold)
        if share <= 0:
            return math.nan
        reference = self._cooling.reference_share / share
        return float(kelvin / watts * 1000 * reference**-self._cooling.exponent)

    def _rise(self, cold: Sequence[float | None]) -> tuple[float, float]:
        """Mean kelvin over ambient and fan share of the last seconds; a share of 0 is unknown."""
        ambient = min((value for value in cold if value is not None), default=math.nan)
        shares = [one.fan_share for one in self._last]
        if not shares or min(shares) <= 0:
            return math.nan, 0.0
        hottest = math.fsum(one.hottest for one in self._last) / len(shares)
        return hottest - ambient, math.fsum(shares) / len(shares)

    def _stretch(self, celsius: Sequence[float | None]) -> None:
        """Each sensor's lowest and highest of the phase."""
        if len(celsius) != len(self._lowest):
            self._lowest, self._highest = [math.inf] * len(celsius), [-math.inf] * len(celsius)
        for sensor, value in enumerate(celsius):
            if value is not None:
                self._lowest[sensor] = min(self._lowest[sensor], value)
                self._highest[sensor] = max(self._highest[sensor], value)
