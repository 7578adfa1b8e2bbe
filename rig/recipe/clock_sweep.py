"""A sweep of each chip's own clock to the board's level (`sweep:` of recipe.yaml)."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from rig.datafile import Data


class ClockSweep(Data):
    """The incumbent's rules, and how much is asked of a chip at each clock (docs/plans.md).

    ``flex_mhz`` is the guard band: tested above what is kept. ``float_share``: how far a chip may run
    above the slowest. A chip is good at a clock by a fixed number of its known answers: ``risk`` each
    that one of ``good_hit_rate`` is called bad and one of ``bad_hit_rate`` good.
    """

    step_mhz: float = Field(default=6.25, gt=0, le=6.25)        # a jump would drop the volts of the stack
    flex_mhz: float = Field(default=15.0, ge=0)
    float_share: float = Field(default=0.25, gt=0, le=1)
    above_mhz: float = Field(default=25.0, ge=0)                # it ends so much over the highest level
    least_board_rate: float = Field(default=0.995, gt=0, lt=1)  # below it the sweep stops
    accepted_rate: float = Field(default=0.98, gt=0, lt=1)      # of the last clocks that count
    hottest_celsius: float = Field(default=60.0, gt=0)          # at it the sweep stops
    good_hit_rate: float = Field(default=0.995, gt=0, lt=1)
    bad_hit_rate: float = Field(default=0.975, gt=0, lt=1)
    risk: float = Field(default=1e-3, gt=0, lt=0.5)
    settle_seconds: float = Field(default=0.5, ge=0)            # at new clocks, before a look
    most_seconds: float = Field(default=240.0, gt=0)            # one way up, looks and all

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.bad_hit_rate >= self.good_hit_rate:
            raise ValueError("bad_hit_rate below good_hit_rate")
        if self.accepted_rate > self.least_board_rate:
            raise ValueError("accepted_rate at or below least_board_rate")
        return self
