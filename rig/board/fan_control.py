"""Hold a board at its soak temperature with the fans: a controller as a value, stepped by readings."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

SHARE_PER_KELVIN = 0.08         # proportional: 0.25 of fan for 3 K
SETTLING_SECONDS = 12.0         # integral time
LEAD_SECONDS = 2.0              # looks this far ahead along the slope: fans take 1.5 s to change speed
SLOPE_SECONDS = 0.8             # smoothing of the slope
FIRST_SHARE = 0.57              # what holds 56 °C at 25 °C of room on the model board


@dataclass(frozen=True, slots=True)
class FanController:
    """PI control with a lead on the slope; between ``least_share`` and full fan.

    Far below the target it stays at ``least_share``: that is warming up. ``step`` gives the next
    state; ``share`` (0..1) is what the fans are to be set to.
    """

    target_celsius: float
    least_share: float
    share: float
    trim: float = 0.0                       # what the integral has learned, in share
    slope: float = 0.0                      # kelvin a second, smoothed
    celsius: float = math.nan
    at_seconds: float = math.nan

    @classmethod
    def warming(cls, target_celsius: float, least_share: float) -> FanController:
        return cls(target_celsius, least_share, least_share)

    def step(self, hottest: float | None, now: float) -> FanController:
        """The state after a reading of the hottest sensor, celsius, at ``now``.

        Without a reading (None) the fans go to full: a board that cannot be seen may be hot.
        """
        if hottest is None:
            return replace(self, share=1.0, slope=0.0, celsius=math.nan, at_seconds=math.nan)
        seconds = now - self.at_seconds
        if math.isnan(seconds) or seconds <= 0:
            return replace(self, celsius=hottest, at_seconds=now)
        weight = seconds / (seconds + SLOPE_SECONDS)
        slope = self.slope + weight * ((hottest - self.celsius) / seconds - self.slope)
        error = hottest - self.target_celsius
        wanted = FIRST_SHARE + self.trim + SHARE_PER_KELVIN * (error + LEAD_SECONDS * slope)
        share = min(1.0, max(self.least_share, wanted))
        trim = self.trim
        if share == wanted:                 # at a stop the integral must not wind up
            trim += SHARE_PER_KELVIN * error * seconds / SETTLING_SECONDS
        return replace(self, share=share, trim=trim, slope=slope, celsius=hottest, at_seconds=now)
