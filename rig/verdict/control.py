"""Statistical control: yields with their intervals, a value against its own past, run rules. Pure.

Definitions are the usual ones: Wilson's score interval, individuals and moving range charts (AIAG SPC),
the Western Electric zone rules (1956) and Nelson's eight (1984).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import fmean, stdev

Z_95 = 1.959963984540054        # two-sided 95 %
MOVING_RANGE_D2 = 1.128         # d2 of two points: mean moving range to sigma
MOVING_RANGE_D4 = 3.267         # upper limit of the moving range, in mean moving ranges


@dataclass(frozen=True, slots=True)
class Interval:
    """Both ends belong to it."""

    low: float
    high: float


def wilson(passed: int, n: int, z: float = Z_95) -> Interval:
    """Wilson's score interval of a share ``passed / n``. Raises ValueError for what is no share."""
    if n < 1 or not 0 <= passed <= n:
        raise ValueError(f"a share: found {passed} of {n}, expected 0 <= passed <= n and n >= 1")
    share, square = passed / n, z * z
    middle = share + square / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    scale = 1 + square / n
    return Interval(
        0.0 if passed == 0 else (middle - half) / scale, 1.0 if passed == n else (middle + half) / scale
    )


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a value has been so far: of ``n`` values the mean and the sample's standard deviation."""

    mean: float
    sigma: float
    n: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Baseline:
        """Raises ValueError for less than two values, or one that is no finite number."""
        if len(values) < 2 or not all(map(math.isfinite, values)):
            raise ValueError(f"a baseline: found {len(values)} values, expected two finite ones or more")
        return cls(fmean(values), stdev(values), len(values))

    def z(self, value: float) -> float:
        """``value`` in sigmas from the mean. A baseline without spread: 0 at the mean, else infinite."""
        if self.sigma > 0:
            return (value - self.mean) / self.sigma
        return 0.0 if value == self.mean else math.copysign(math.inf, value - self.mean)


@dataclass(frozen=True, slots=True)
class Individuals:
    """An I-MR chart: limits of single values and of their moving ranges; ``sigma`` within."""

    mean: float
    sigma: float
    low: float
    high: float
    moving_range: float
    moving_range_high: float


def individuals(values: Sequence[float]) -> Individuals:
    """Limits from consecutive values, first to last. Raises ValueError for less than two."""
    if len(values) < 2:
        raise ValueError(f"an I-MR chart: found {len(values)} values, expected two or more")
    mean = fmean(values)
    moving = fmean(abs(after - before) for before, after in itertools.pairwise(values))
    sigma = moving / MOVING_RANGE_D2
    return Individuals(mean, sigma, mean - 3 * sigma, mean + 3 * sigma, moving, MOVING_RANGE_D4 * moving)


def p_limits(share: float, n: int) -> Interval:
    """Limits of a p-chart at one point: three sigmas of ``n`` boards at the mean ``share``."""
    half = 3 * math.sqrt(share * (1 - share) / n)
    return Interval(max(0.0, share - half), min(1.0, share + half))


class Rule(Enum):
    """A pattern chance alone hardly makes. The value says it in words."""

    WESTERN_ELECTRIC_1 = "one point beyond 3 sigma"
    WESTERN_ELECTRIC_2 = "2 of 3 beyond 2 sigma on one side"
    WESTERN_ELECTRIC_3 = "4 of 5 beyond 1 sigma on one side"
    WESTERN_ELECTRIC_4 = "8 in a row on one side"
    NELSON_1 = "a point beyond 3 sigma"
    NELSON_2 = "9 in a row on one side"
    NELSON_3 = "6 in a row rising or falling"
    NELSON_4 = "14 in a row alternating"
    NELSON_5 = "2 of 3 beyond 2 sigma, same side"
    NELSON_6 = "4 of 5 beyond 1 sigma, same side"
    NELSON_7 = "15 in a row within 1 sigma"
    NELSON_8 = "8 in a row beyond 1 sigma, on both sides"


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that is met; ``at`` is the index of the point that completes the pattern."""

    rule: Rule
    at: int


Zs = Sequence[float]
_Test = Callable[[Zs], bool]


def _share_beyond(sigmas: float, wanted: int) -> _Test:
    """``wanted`` of the window beyond ``sigmas`` on the side of its last point, that point among them."""
    def holds(window: Zs) -> bool:
        side = math.copysign(1.0, window[-1])
        beyond = [z * side > sigmas for z in window]
        return beyond[-1] and sum(beyond) >= wanted
    return holds


def _one_side(window: Zs) -> bool:
    return all(z > 0 for z in window) or all(z < 0 for z in window)


def _steps(window: Zs) -> list[float]:
    return [after - before for before, after in itertools.pairwise(window)]


def _trend(window: Zs) -> bool:
    return _one_side(_steps(window))


def _alternating(window: Zs) -> bool:
    steps = _steps(window)
    return all(one * other < 0 for one, other in itertools.pairwise(steps))


def _within(window: Zs) -> bool:
    return all(abs(z) < 1 for z in window)


def _spread(window: Zs) -> bool:
    return all(abs(z) > 1 for z in window) and not _one_side(window)


_WESTERN_ELECTRIC: dict[Rule, tuple[int, _Test]] = {
    Rule.WESTERN_ELECTRIC_1: (1, _share_beyond(3, 1)),
    Rule.WESTERN_ELECTRIC_2: (3, _share_beyond(2, 2)),
    Rule.WESTERN_ELECTRIC_3: (5, _share_beyond(1, 4)),
    Rule.WESTERN_ELECTRIC_4: (8, _one_side),
}
_NELSON: dict[Rule, tuple[int, _Test]] = {
    Rule.NELSON_1: (1, _share_beyond(3, 1)),
    Rule.NELSON_2: (9, _one_side),
    Rule.NELSON_3: (6, _trend),
    Rule.NELSON_4: (14, _alternating),
    Rule.NELSON_5: (3, _share_beyond(2, 2)),
    Rule.NELSON_6: (5, _share_beyond(1, 4)),
    Rule.NELSON_7: (15, _within),
    Rule.NELSON_8: (8, _spread),
}


def western_electric(values: Sequence[float], mean: float, sigma: float) -> tuple[Hit, ...]:
    """Hits of the four zone rules, by point, then by rule. Not for p-charts. ValueError for sigma <= 0."""
    return tuple(_hits(values, mean, sigma, _WESTERN_ELECTRIC))


def nelson(values: Sequence[float], mean: float, sigma: float) -> tuple[Hit, ...]:
    """Hits of Nelson's eight rules, by point, then by rule. ValueError for sigma <= 0."""
    return tuple(_hits(values, mean, sigma, _NELSON))


def _hits(
    values: Sequence[float], mean: float, sigma: float, rules: dict[Rule, tuple[int, _Test]]
) -> Iterator[Hit]:
    if sigma <= 0:
        raise ValueError(f"sigma: found {sigma:g}, expected more than 0")
    zs = [(value - mean) / sigma for value in values]
    for at in range(len(zs)):
        for rule, (length, holds) in rules.items():
            if at + 1 >= length and holds(zs[at + 1 - length:at + 1]):
                yield Hit(rule, at)
