"""How a board is tested: volts, clocks, times and risks (testplans/<product>/recipe.yaml)."""

from __future__ import annotations

import math
from typing import Self

from pydantic import Field, model_validator

from rig.datafile import Data
from rig.recipe.clock_sweep import ClockSweep
from rig.recipe.mode import Mode


class Level(Data):
    """One working point a board can be graded to."""

    level: str = Field(pattern=r"^[A-Za-z0-9_-]{1,16}$")
    volts: float = Field(gt=0)
    mhz: float = Field(gt=0)


class Ramp(Data):
    step_mhz: float = Field(default=6.25, gt=0)
    step_seconds: float = Field(default=0.1, gt=0)


class Soak(Data):
    """Warm up under work until the hottest board sensor sits in the band."""

    target_celsius: float = Field(default=56.0, gt=0)
    band_celsius: float = Field(default=2.0, gt=0)
    warming_fan_share: float = Field(default=0.30, ge=0, le=1)
    timeout_seconds: float = Field(default=120.0, gt=0)


class Cooling(Data):
    """What a sound board's heat path does: kelvin of its hottest sensor over ambient for a kilowatt
    at full fan, and how that grows as the fans slow down (share to the minus ``exponent``)."""

    kelvin_per_kilowatt: float = Field(default=22.0, gt=0)
    exponent: float = Field(default=0.8, ge=0)
    reference_share: float = Field(default=0.57, gt=0, le=1)    # the fan share that resistances are told at

    def expected_kelvin(self, watts: float, fan_share: float) -> float:
        """Kelvin over ambient of a sound board at ``watts`` and ``fan_share`` (above 0)."""
        return float(self.kelvin_per_kilowatt * watts / 1000 * fan_share**-self.exponent)


class Idle(Data):
    """What a sound board draws at the pre-open volts, its clock idling: switching, and leakage that
    grows with its temperature."""

    clock_amps: float = Field(default=2.35, ge=0)
    leak_amps: float = Field(default=3.65, ge=0)        # at 25 °C
    leak_celsius: float = Field(default=32.0, gt=0)     # for e times as much

    def expected_amps(self, celsius: float) -> float:
        """Amps of a sound board at ``celsius``."""
        return self.clock_amps + self.leak_amps * math.exp((celsius - 25.0) / self.leak_celsius)


class CoreDecision(Data):
    """The same test for each core, which sees a hundredth of a chip's answers: a good core against one
    that has lost most of its sub-cores. The risks are the chip's."""

    good_hit_rate: float = Field(default=0.97, gt=0, lt=1)
    bad_hit_rate: float = Field(default=0.3, gt=0, lt=1)
    most_answers: int = Field(default=30, ge=10)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.bad_hit_rate >= self.good_hit_rate:
            raise ValueError("bad_hit_rate below good_hit_rate")
        return self


class Decision(Data):
    """The sequential test over distinct known answers, per chip."""

    good_hit_rate: float = Field(default=0.995, gt=0, lt=1)
    bad_hit_rate: float = Field(default=0.985, gt=0, lt=1)
    board_risk: float = Field(default=1e-4, gt=0, lt=0.5)       # a good board failed, all chips together
    chip_risk: float = Field(default=1e-4, gt=0, lt=0.5)        # one bad chip passed
    most_answers_per_chip: int = Field(default=6_850, ge=100)   # then the fixed-n rule decides
    most_seconds: float = Field(default=60.0, gt=0)             # hard maximum of the burn-in's judging
    trial_uncertainty: float = Field(default=0.0, ge=0, lt=0.1)     # share: frames, window and clock
    core: CoreDecision = CoreDecision()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        unsure = self.trial_uncertainty
        if self.bad_hit_rate * (1 + unsure) >= self.good_hit_rate * (1 - unsure):
            raise ValueError("bad_hit_rate below good_hit_rate, by more than trial_uncertainty of both")
        return self


class FullPattern(Data):
    """The incumbent's test: every sub-core is asked for its patterns. What they must come to is in
    limits.yaml; its program asks for 8 a sub-core, of which 6 must come back."""

    patterns: int = Field(default=8, ge=1, le=1000)             # each sub-core is asked for at least
    least_hits: int = Field(default=6, ge=1)                    # of so many patterns
    job_seconds: float = Field(default=2.66, gt=0)              # until its last version was worked on
    most_seconds: float = Field(default=180.0, gt=0)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.least_hits > self.patterns:
            raise ValueError("least_hits at most as many as patterns")
        return self


class RandomWork(Data):
    """The Poisson test over right answers to work nobody has solved: rates are shares of a perfect
    chip's. One percent cannot be told in a minute: see docs/plans.md."""

    good_rate: float = Field(default=0.995, gt=0, le=1)
    bad_rate: float = Field(default=0.92, gt=0, lt=1)
    board_risk: float = Field(default=1e-4, gt=0, lt=0.5)       # a good board failed, all chips together
    chip_risk: float = Field(default=1e-4, gt=0, lt=0.5)        # one bad chip passed
    most_seconds: float = Field(default=60.0, gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.bad_rate >= self.good_rate:
            raise ValueError("bad_rate below good_rate")
        return self


class Recipe(Data):
    recipe: str
    version: int = Field(ge=1)
    sense_volts: float = Field(default=1.0, gt=0)       # first volts: sense leads and meters are compared
    cold_volts: float = Field(default=2.0, gt=0)
    cold_amps: float = Field(default=2.0, gt=0)
    pre_open_volts: float = Field(gt=0)
    pre_open_amps: float = Field(gt=0)                  # current limit until the chain hashes
    volt_steps: int = Field(default=5, ge=1)            # from pre-open to working volts, each read back
    over_volts: float = Field(gt=0)
    over_amps: float = Field(gt=0)
    limit_amps: float = Field(gt=0)                     # constant-current limit while working
    hottest_celsius: float = Field(default=62.0, gt=0)          # hard stop on any board sensor
    ticket_zero_bits: int = Field(default=0, ge=0, le=32)       # beyond the 32 (or the silicon's own)
    job_seconds: float = Field(default=2.5, gt=0)               # renewal, before the version space is spent
    ramp: Ramp = Ramp()
    soak: Soak = Soak()
    cooling: Cooling = Cooling()
    idle: Idle = Idle()
    soak_seconds: float = Field(default=30.0, ge=0)
    mode: Mode = Mode.SEQUENTIAL
    decision: Decision = Decision()
    full_pattern: FullPattern = FullPattern()
    random_work: RandomWork = RandomWork()
    levels: tuple[Level, ...] = Field(min_length=1)
    sweep: ClockSweep | None = None                     # each chip's clock, to find the level
    ship_marginal: bool = True
    write_eeprom: bool = False                          # the result, at the end, into the board

    @model_validator(mode="after")
    def _ratings(self) -> Self:
        names = [level.level for level in self.levels]
        if len(set(names)) != len(names):
            raise ValueError("level names that differ")
        highest = max(self.pre_open_volts, *(level.volts for level in self.levels))
        if highest >= self.over_volts:
            raise ValueError(f"over_volts above the highest volts used ({highest:g})")
        if self.sense_volts > self.cold_volts:
            raise ValueError("sense_volts at or below cold_volts")
        if not self.cold_amps <= self.pre_open_amps <= self.limit_amps:
            raise ValueError("cold_amps, pre_open_amps, limit_amps in rising order")
        if self.limit_amps > self.over_amps:
            raise ValueError("limit_amps at or below over_amps")
        if self.sweep is not None and self.sweep.hottest_celsius >= self.hottest_celsius:
            raise ValueError("sweep.hottest_celsius below hottest_celsius")
        return self
