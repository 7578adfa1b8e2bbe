"""Statistics that scipy does not have as they are wanted here. Pure; each is held to reference numbers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

Z_95: Final = 1.959963984540054
LEAST_BOARDS: Final = 25  # fewer say nothing of a capability
NOT_NORMAL: Final = 0.005  # Anderson-Darling: clearly not normal
LOW_SHARE, HIGH_SHARE = 0.00135, 0.99865  # three sigmas of a normal distribution


def benjamini_hochberg(p_values: Floats, rate: float) -> NDArray[np.bool_]:
    """Which hypotheses fall when at most ``rate`` of those that fall may be false discoveries."""
    many = len(p_values)
    if not many:
        return np.zeros(0, bool)
    order = np.argsort(p_values)
    below = p_values[order] <= rate * np.arange(1, many + 1) / many
    fallen = np.zeros(many, bool)
    if below.any():
        fallen[order[: int(np.flatnonzero(below)[-1]) + 1]] = True
    return fallen


def most_p(p_values: Floats, rate: float) -> float:
    """The largest p that Benjamini-Hochberg lets fall at ``rate``; Bonferroni's bound when it lets none."""
    fallen = benjamini_hochberg(p_values, rate)
    return float(p_values[fallen].max()) if fallen.any() else rate / max(1, len(p_values))


def anderson_darling(values: Floats) -> Floats:
    """p of "this row is normal", mean and sigma estimated, for each row without NaN.

    Stephens' modified statistic and D'Agostino and Stephens' (1986) approximation of p.
    """
    n = values.shape[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, ddof=1, keepdims=True)
        z.sort(axis=1)
        steps = 2 * np.arange(1, n + 1) - 1
        square = -n - (steps * (special.log_ndtr(z) + special.log_ndtr(-z[:, ::-1]))).sum(axis=1) / n
    a = np.minimum(square * (1 + 0.75 / n + 2.25 / n**2), 13.0)  # beyond it p is nothing anyway
    return np.select(
        [np.isnan(a), a >= 0.6, a >= 0.34, a >= 0.2],
        [
            np.nan,
            np.exp(1.2937 - 5.709 * a + 0.0186 * a**2),
            np.exp(0.9177 - 4.279 * a - 1.38 * a**2),
            1 - np.exp(-8.318 + 42.796 * a - 59.938 * a**2),
        ],
        1 - np.exp(-13.436 + 101.14 * a - 223.73 * a**2),
    )


@dataclass(frozen=True, slots=True)
class Bounds:
    """A limit in numbers; None where it has no such side."""

    low: float | None = None
    high: float | None = None
    equals: float | None = None

    @classmethod
    def read(cls, text: str | None) -> Bounds:
        """From a record's words, as ``>= 14.85 and <= 15.15``."""
        found = dict(re.findall(r"(>=|<=|=) ([-+0-9.e]+)", text or ""))
        number = {sign: float(value) for sign, value in found.items()}
        return cls(number.get(">="), number.get("<="), number.get("="))

    @property
    def is_range(self) -> bool:
        """Whether a capability against it means something."""
        return self.equals is None and (self.low is not None or self.high is not None)


def index(bounds: Bounds, middle: float, down: float, up: float) -> float:
    """Distance from ``middle`` to the nearer limit, in lengths ``down`` and ``up`` (three sigmas each)."""
    sides = []
    if bounds.low is not None:
        sides.append((middle - bounds.low) / down)
    if bounds.high is not None:
        sides.append((bounds.high - middle) / up)
    return min(sides)


def index_interval(value: float, n: float) -> tuple[float, float]:
    """95 % interval of a Cpk or Ppk (Bissell 1990)."""
    half = Z_95 * math.sqrt(1 / (9 * n) + value**2 / (2 * (n - 1)))
    return value - half, value + half
