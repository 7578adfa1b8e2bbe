"""Gauge studies: crossed repeatability and reproducibility by analysis of variance (AIAG MSA 4), and type 1.

Parts are boards; what AIAG calls an appraiser is a slot. Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats as scipy_stats

from rig.qa.stats import Bounds

ALIKE_P: Final = 0.05
ROUNDING: Final = 1e-12  # of the largest value: squares of less are none
POOL_P: Final = 0.25  # an interaction less significant than this belongs to the error
GOOD_PERCENT, BAD_PERCENT = 10.0, 30.0
LEAST_NDC: Final = 5
TYPE_1_SHARE: Final = 0.2  # of the tolerance
LEAST_CG: Final = 1.33
LEAST_TYPE_1: Final = 25

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the analysis of variance; ``f`` and ``p`` None where nothing is tested."""

    source: str
    degrees: int
    squares: float
    mean: float
    f: float | None = None
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Crossed:
    """All as standard deviations: ``ev`` repeatability, ``av`` of slots, ``interaction`` of slot and board,
    ``grr`` of the three, ``pv`` of boards, ``tv`` of all. ``pooled``: the interaction went into the error.
    """

    ev: float
    av: float
    interaction: float
    grr: float
    pv: float
    tv: float
    pooled: bool
    table: tuple[Line, ...]

    @property
    def grr_percent(self) -> float:
        """Of the total variation; NaN when nothing varies."""
        return 100 * self.grr / self.tv if self.tv > 0 else math.nan

    @property
    def contribution_percent(self) -> float:
        return 100 * (self.grr / self.tv) ** 2 if self.tv > 0 else math.nan

    @property
    def categories(self) -> float:
        """How many groups of boards can be told apart, before it is cut to a whole number."""
        return 1.41 * self.pv / self.grr if self.grr > 0 else math.inf

    @property
    def ndc(self) -> int | None:
        """Whole categories, at least 1; None without any gauge variation."""
        return max(1, math.floor(self.categories)) if math.isfinite(self.categories) else None

    @property
    def are_alike(self) -> bool:
        """Whether the boards cannot be told apart: then nothing is a share of how they differ."""
        p = self.table[0].p
        return p is None or p > ALIKE_P

    def tolerance_percent(self, bounds: Bounds, middle: float | None = None) -> float | None:
        """Six sigmas of the gauge as a share of the tolerance; of a one-sided limit three, as a share of
        its distance from ``middle``. None where there is no room to be a share of."""
        if bounds.low is not None and bounds.high is not None:
            room = (bounds.high - bounds.low) / 2
        elif middle is None or (bounds.low is None and bounds.high is None):
            return None
        else:
            room = abs(middle - (bounds.low if bounds.low is not None else bounds.high or 0.0))
        return 100 * 3 * self.grr / room if room > 0 else None


def crossed(values: Floats) -> Crossed:
    """From boards × slots × trials. Raises ValueError for less than two of any, or a missing value."""
    if values.ndim != 3 or min(values.shape) < 2 or not np.isfinite(values).all():
        raise ValueError(
            f"a crossed study: found {' × '.join(map(str, values.shape))} values, expected at least "
            "two boards, slots and trials without a gap"
        )
    p, o, r = values.shape
    grand = values.mean()
    parts, slots, cells = values.mean(axis=(1, 2)), values.mean(axis=(0, 2)), values.mean(axis=2)
    ss_p = o * r * float(((parts - grand) ** 2).sum())
    ss_o = p * r * float(((slots - grand) ** 2).sum())
    ss_po = r * float(((cells - parts[:, None] - slots[None, :] + grand) ** 2).sum())
    ss_e = float(((values - cells[:, :, None]) ** 2).sum())
    nothing = values.size * (ROUNDING * float(np.abs(values).max())) ** 2
    ss_p, ss_o, ss_po, ss_e = (0.0 if ss < nothing else ss for ss in (ss_p, ss_o, ss_po, ss_e))
    df_po, df_e = (p - 1) * (o - 1), p * o * (r - 1)
    ms_po, ms_e = ss_po / df_po, ss_e / df_e
    f_po, p_po = _f(ms_po, ms_e, df_po, df_e)
    pooled = p_po > POOL_P
    if pooled:
        df_e += df_po
        ms_e = (ss_e + ss_po) / df_e
        ms_po, df_test = ms_e, df_e
    else:
        df_test = df_po
    ms_p, ms_o = ss_p / (p - 1), ss_o / (o - 1)
    interaction = 0.0 if pooled else max(0.0, (ms_po - ms_e) / r)
    av = max(0.0, (ms_o - ms_po) / (p * r))
    pv = max(0.0, (ms_p - ms_po) / (o * r))
    grr = ms_e + av + interaction
    table = (
        Line("boards", p - 1, ss_p, ms_p, *_f(ms_p, ms_po, p - 1, df_test)),
        Line("slots", o - 1, ss_o, ms_o, *_f(ms_o, ms_po, o - 1, df_test)),
        Line("boards × slots", (p - 1) * (o - 1), ss_po, ss_po / ((p - 1) * (o - 1)), f_po, p_po),
        Line("repeats" + (", interaction pooled" if pooled else ""), df_e, ms_e * df_e, ms_e),
        Line("total", p * o * r - 1, ss_p + ss_o + ss_po + ss_e, math.nan),
    )
    return Crossed(
        math.sqrt(ms_e),
        math.sqrt(av),
        math.sqrt(interaction),
        math.sqrt(grr),
        math.sqrt(pv),
        math.sqrt(grr + pv),
        pooled,
        table,
    )


def _f(upper: float, lower: float, df_upper: int, df_lower: int) -> tuple[float, float]:
    """F and its p; without any variation below, everything is significant or nothing is there."""
    if lower <= 0:
        return (math.inf, 0.0) if upper > 0 else (0.0, 1.0)
    return upper / lower, float(scipy_stats.f.sf(upper / lower, df_upper, df_lower))


@dataclass(frozen=True, slots=True)
class TypeOne:
    """One board, one slot, many runs: ``bias`` against the reference, ``p`` of such a bias by chance.

    ``cg``, ``cgk`` None for one-sided limits or without spread, ``bias`` without a reference.
    """

    n: int
    mean: float
    sigma: float
    reference: float | None
    bias: float | None
    p: float | None
    cg: float | None
    cgk: float | None

    @property
    def is_capable(self) -> bool | None:
        worst = self.cg if self.cgk is None else self.cgk
        return None if worst is None else worst >= LEAST_CG


def type_one(values: Floats, bounds: Bounds, reference: float | None = None) -> TypeOne:
    """Raises ValueError for less than two values or one that is missing."""
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(f"a type-1 study: found {values.size} values, expected two or more without a gap")
    n, mean, sigma = len(values), float(values.mean()), float(values.std(ddof=1))
    bias = None if reference is None else mean - reference
    p = None
    if bias is not None and sigma > 0:
        p = 2 * float(scipy_stats.t.sf(abs(bias) / (sigma / math.sqrt(n)), n - 1))
    cg = cgk = None
    if bounds.low is not None and bounds.high is not None and sigma > 0:
        tolerance = bounds.high - bounds.low
        cg = TYPE_1_SHARE * tolerance / (6 * sigma)
        if bias is not None:
            cgk = (TYPE_1_SHARE / 2 * tolerance - abs(bias)) / (3 * sigma)
    return TypeOne(n, mean, sigma, reference, bias, p, cg, cgk)
