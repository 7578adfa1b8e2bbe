"""Capability of every measurement, element by element: Cp, Cpk within; Pp, Ppk overall; or why not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.qa.numbers import Element, Numbers
from rig.qa.stats import (
    HIGH_SHARE,
    LEAST_BOARDS,
    LOW_SHARE,
    NOT_NORMAL,
    Bounds,
    anderson_darling,
    index,
    index_interval,
)
from rig.verdict.control import MOVING_RANGE_D2

QUARTILES: Final = 1.3489795  # between them, in sigmas of a normal distribution
SPREAD_BOARDS: Final = 5000
NORMALITY_BOARDS: Final = 1000  # evenly spaced; a million would call everything not normal


@dataclass(frozen=True, slots=True)
class Capability:
    """Of one element over ``n`` boards. ``why``: what is not defined and why; the figures are None then.

    ``sigma`` overall, ``within`` from moving ranges in a slot. One-sided limits have no Cp and Pp.
    ``by_percentiles``: clearly not normal, so Ppk by percentiles and no figures within. ``core``: Ppk of the
    middle half alone (median, quartiles), blind to the few boards that failed.
    """

    element: Element
    bounds: Bounds
    n: int
    mean: float
    sigma: float
    within: float
    cp: float | None = None
    cpk: float | None = None
    pp: float | None = None
    ppk: float | None = None
    low: float | None = None
    high: float | None = None
    by_percentiles: bool = False
    core: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Spread:
    """A vector measurement: elements of one board against each other, and boards against each other."""

    name: str
    unit: str
    size: int
    within_board: float
    between_boards: float


def capabilities(numbers: Numbers) -> list[Capability]:
    """In the order of the elements."""
    n, mean, squares = numbers.total()
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = np.sqrt(squares / (n - 1))
        within = numbers.ranges / numbers.pairs / MOVING_RANGE_D2
    not_normal = _not_normal(numbers)
    flat = numbers.low == numbers.high
    found = []
    for at, element in enumerate(numbers.elements):
        bounds = Bounds.read(element.told.limit)
        one = Capability(element, bounds, int(n[at]), float(mean[at]), float(sigma[at]), float(within[at]))
        sample = numbers.sample.of(at) if bounds.is_range else np.empty(0)
        found.append(_judged(one, flat=bool(flat[at]), sample=sample, normal=not not_normal[at]))
    return found


def _judged(one: Capability, *, flat: bool, sample: NDArray[np.float64], normal: bool) -> Capability:
    bounds = one.bounds
    why = (
        "no limit"
        if bounds == Bounds()
        else "must equal a number"
        if bounds.equals is not None
        else f"fewer than {LEAST_BOARDS} boards"
        if one.n < LEAST_BOARDS
        else "all values are the same"
        if flat
        else ""
    )
    if why:
        return _with(one, why=why)
    there = sample[~np.isnan(sample)]
    low, quarter, middle, three, high = np.quantile(there, [LOW_SHARE, 0.25, 0.5, 0.75, HIGH_SHARE])
    if three > quarter:
        spread = 3 * (three - quarter) / QUARTILES
        one = _with(one, core=index(bounds, middle, spread, spread))
    if not normal:
        if (bounds.high is not None and high <= middle) or (bounds.low is not None and middle <= low):
            return _with(one, why="more than half of the values are the same")
        ppk = index(bounds, middle, middle - low, high - middle)
        pp = None if bounds.low is None or bounds.high is None else (bounds.high - bounds.low) / (high - low)
        ends = index_interval(ppk, one.n)
        return _with(one, pp=pp, ppk=ppk, low=ends[0], high=ends[1], by_percentiles=True)
    ppk = index(bounds, one.mean, 3 * one.sigma, 3 * one.sigma)
    cp = pp = cpk = None
    has_within = math.isfinite(one.within) and one.within > 0
    if has_within:
        cpk = index(bounds, one.mean, 3 * one.within, 3 * one.within)
    if bounds.low is not None and bounds.high is not None:
        pp = (bounds.high - bounds.low) / (6 * one.sigma)
        cp = (bounds.high - bounds.low) / (6 * one.within) if has_within else None
    ends = index_interval(ppk, one.n)
    return _with(one, cp=cp, cpk=cpk, pp=pp, ppk=ppk, low=ends[0], high=ends[1])


def _with(one: Capability, **changes: object) -> Capability:
    fields = {name: getattr(one, name) for name in Capability.__slots__} | changes
    return Capability(**fields)


def _not_normal(numbers: Numbers) -> NDArray[np.bool_]:
    """Whether each element is clearly not normal, by up to NORMALITY_BOARDS boards."""
    picked = numbers.sample.spaced(NORMALITY_BOARDS)
    found = np.zeros(len(picked), bool)
    whole = ~np.isnan(picked).any(axis=1)
    if picked.shape[1] >= LEAST_BOARDS:
        found[whole] = anderson_darling(picked[whole]) < NOT_NORMAL
        for at in np.flatnonzero(~whole):
            row = picked[at][~np.isnan(picked[at])]
            if len(row) >= LEAST_BOARDS:
                found[at] = anderson_darling(row[None, :])[0] < NOT_NORMAL
    return found


def spreads(numbers: Numbers) -> list[Spread]:
    """Within and between boards, of every measurement of more than one element. From the sample."""
    groups: dict[tuple[str, str | None], list[int]] = {}
    for at, element in enumerate(numbers.elements):
        groups.setdefault((element.told.name, element.told.limit), []).append(at)
    picked = numbers.sample.spaced(SPREAD_BOARDS)
    found = []
    for (name, _), rows in groups.items():
        if len(rows) > 1:
            values = picked[rows]
            whole = values[:, ~np.isnan(values).any(axis=0)]
            if whole.shape[1] > 1:
                inside = float(np.sqrt(whole.var(axis=0, ddof=1).mean()))
                between = float(whole.mean(axis=0).std(ddof=1))
                found.append(Spread(name, numbers.elements[rows[0]].told.unit, len(rows), inside, between))
    return found
