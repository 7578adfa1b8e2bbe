"""Numbers against the limits declared for them before they were taken."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from rig.errors import RecipeError
from rig.recipe.limits import Dimension, Limits, MeasurementSpec


class Outcome(Enum):
    """How one measurement came out. RECORDED has no limit to be judged by."""

    PASS = "PASS"
    MARGINAL = "MARGINAL"
    FAIL = "FAIL"
    RECORDED = "RECORDED"


@dataclass(frozen=True, slots=True)
class Judgement:
    """An outcome, with the indices of the elements that made it."""

    outcome: Outcome
    failing: tuple[int, ...] = ()
    marginal: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement as taken; ``values`` holds one number per element of ``spec.over``.

    ``attempt`` counts from 1; ``at_seconds`` counts from the start of the run.
    """

    name: str
    spec: MeasurementSpec
    values: tuple[float, ...]
    judgement: Judgement
    attempt: int = 1
    at_seconds: float = 0.0

    @property
    def outcome(self) -> Outcome:
        return self.judgement.outcome

    @property
    def is_number(self) -> bool:
        """Whether there are values and all of them are numbers."""
        return bool(self.values) and all(map(math.isfinite, self.values))

    @property
    def proves_failure(self) -> bool:
        """Whether a number lies outside its limit. NaN and infinity prove nothing against a board."""
        return any(math.isfinite(self.values[index]) for index in self.judgement.failing)

    def worst_index(self) -> int | None:
        """Which element of a vector to look at first; None when one value stands for the board."""
        if self.spec.over is Dimension.BOARD:
            return None
        numbers = [
            index for index in self.judgement.failing or self.judgement.marginal
            if math.isfinite(self.values[index])
        ]
        return max(numbers, key=self._excess, default=None)

    def _excess(self, index: int) -> float:
        """How far outside its limit an element lies."""
        limit, value = self.spec.limit, self.values[index]
        bounds = () if limit is None else (limit.equals, limit.at_least, limit.at_most)
        return min((abs(value - bound) for bound in bounds if bound is not None), default=0.0)


class Standing(Enum):
    """Where a value stands, best first."""

    UNLIMITED = "nothing is asked of it"
    INSIDE = "inside the limit, guard band and all"
    GUARDED = "inside the limit, nearer to it than the uncertainty"
    NEAR = "outside the limit, inside the marginal one"
    OUTSIDE = "outside"
    NO_NUMBER = "NaN, infinite, or no value at all"


# What each standing comes to. NO_NUMBER of a measurement without limit fails only if it is required.
OUTCOMES: Mapping[Standing, Outcome] = MappingProxyType({
    Standing.UNLIMITED: Outcome.RECORDED,
    Standing.INSIDE: Outcome.PASS,
    Standing.GUARDED: Outcome.MARGINAL,
    Standing.NEAR: Outcome.MARGINAL,
    Standing.OUTSIDE: Outcome.FAIL,
    Standing.NO_NUMBER: Outcome.FAIL,
})


_WORSE = (Outcome.RECORDED, Outcome.PASS, Outcome.MARGINAL, Outcome.FAIL)


def standing(spec: MeasurementSpec, value: float) -> Standing:
    """Where one value stands."""
    if not math.isfinite(value):
        asked = spec.limit is not None or spec.required
        return Standing.NO_NUMBER if asked else Standing.UNLIMITED
    if spec.limit is None:
        return Standing.UNLIMITED
    if spec.limit.holds(value):
        band = (value - spec.uncertainty, value + spec.uncertainty)
        return Standing.INSIDE if all(map(spec.limit.holds, band)) else Standing.GUARDED
    near = spec.marginal is not None and spec.marginal.holds(value)
    return Standing.NEAR if near else Standing.OUTSIDE


def judge(spec: MeasurementSpec, values: Sequence[float]) -> Judgement:
    """Hold ``values`` against the limit of ``spec``: the worst of them, by OUTCOMES, is the outcome."""
    stands = [standing(spec, value) for value in values]
    outcomes = [OUTCOMES[each] for each in stands or [standing(spec, math.nan)]]
    return Judgement(
        max(outcomes, key=_WORSE.index),
        tuple(index for index, each in enumerate(stands) if OUTCOMES[each] is Outcome.FAIL),
        tuple(index for index, each in enumerate(stands) if OUTCOMES[each] is Outcome.MARGINAL),
    )


@dataclass(frozen=True, slots=True)
class Judge:
    """Takes measurements by name. ``sizes`` says how many elements each dimension has."""

    limits: Limits
    sizes: Mapping[Dimension, int]

    def take(
        self, name: str, values: float | Iterable[float], *, attempt: int = 1, at_seconds: float = 0.0
    ) -> Measurement:
        """Judge what was measured as ``name``; an element that could not be had is given as NaN.

        Raises RecipeError for a name that limits.yaml does not declare or a wrong number of values.
        """
        spec = self.limits.measurements.get(name)
        if spec is None:
            raise RecipeError(
                f"measurement {name!r}: found no declaration, expected one in limits.yaml "
                f"({self.limits.limits}); declare it there before it is taken"
            )
        taken = (float(values),) if isinstance(values, (int, float)) else tuple(map(float, values))
        expected = 1 if spec.over is Dimension.BOARD else self.sizes[spec.over]
        if taken and len(taken) != expected:
            raise RecipeError(
                f"measurement {name!r}: found {len(taken)} values, expected {expected}, one per "
                f"{spec.over.value}; give NaN for an element that could not be measured"
            )
        return Measurement(name, spec, taken, judge(spec, taken), attempt, at_seconds)


def not_taken(limits: Limits, measurements: Iterable[Measurement]) -> tuple[str, ...]:
    """Names of the required measurements that are missing, in the order of limits.yaml."""
    taken = {measurement.name for measurement in measurements}
    return tuple(name for name, spec in limits.measurements.items() if spec.required and name not in taken)


def latest(measurements: Iterable[Measurement]) -> tuple[Measurement, ...]:
    """The attempt of each name that counts: the last one. Earlier ones stay in the record."""
    return tuple({measurement.name: measurement for measurement in measurements}.values())
