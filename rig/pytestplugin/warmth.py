"""What a board's heat path is worth: temperature and fans of the last seconds against a sound board."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from rig.recipe.recipe import Cooling

COOLING_SECONDS = 10.0          # averaged over so long: the controller has settled by then


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
        self.hottest = -math.inf

    @property
    def present(self) -> float:
        """The hottest sensor at the last tick that told it, celsius; NaN before."""
        return self._last[-1].hottest if self._last else math.nan

    def begin(self) -> None:
        """A new phase: its own last seconds count."""
        self._last.clear()

    def feel(self, tick: object) -> None:
        """Take a tick, if it tells temperature and fans."""
        seconds, hottest, share = (getattr(tick, name, None) for name in ("seconds", "hottest", "fan_share"))
        if seconds is None or hottest is None or share is None:
            return
        self.hottest = max(self.hottest, hottest)
        self._last.append(_Warmth(seconds, hottest, share))
        while seconds - self._last[0].seconds > COOLING_SECONDS:
            self._last.popleft()

    def cooling_ratio(self, watts: float, cold: Sequence[float | None]) -> float:
        """Kelvin over ambient against a sound board's at the same ``watts`` and fans; NaN unknown.

        Ambient is the coolest sensor of ``cold``, read before power: a plan starts with a cold board.
        """
        ambient = min((value for value in cold if value is not None), default=math.nan)
        shares = [one.fan_share for one in self._last]
        if not shares or min(shares) <= 0:
            return math.nan
        hottest = math.fsum(one.hottest for one in self._last) / len(shares)
        return (hottest - ambient) / self._cooling.expected_kelvin(watts, math.fsum(shares) / len(shares))
