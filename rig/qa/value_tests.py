"""Where numbers stand apart: slots and lots with another mean, elements that moved at a day.

Slots are held against others on the same days and lots, lots against others on the same days and stations.
Only boards that passed are held against each other. A shift counts from half a sigma of the boards on: with
thousands of boards everything is significant. The group that stands out most is taken first; then the others
are looked at without it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats as scipy_stats

from rig.qa.group_tests import Kind
from rig.qa.numbers import Floats, Ints, Numbers

LEAST_SIGMAS: Final = 0.5
LEAST_DAYS: Final = 6  # on the whole, of them LEAST_SIDE on each side of a step
LEAST_SIDE: Final = 2
MOST_ROUNDS: Final = 8
AT_ONCE: Final = 64                     # elements


@dataclass(frozen=True, slots=True)
class Shift:
    """Element ``element`` of slot, lot or since day ``number`` stands ``sigmas`` away from the others.

    ``before`` is their mean, ``after`` its own.
    """

    kind: Kind
    number: int
    element: int
    before: float
    after: float
    sigmas: float
    p: float

    @property
    def matters(self) -> bool:
        return abs(self.sigmas) >= LEAST_SIGMAS


@dataclass(frozen=True, slots=True)
class Shifts:
    """All that were looked at: ``p`` of each, and those that matter, strongest first."""

    p: Floats
    that_matter: tuple[Shift, ...]


def board_sigma(numbers: Numbers) -> Floats:
    """Sigma of boards of one day, slot and lot, for each element."""
    degrees = np.maximum(numbers.n - 1, 0).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.sqrt(numbers.squares.sum(axis=0) / degrees)
    return found


def of_slots(numbers: Numbers) -> Shifts:
    """Slots that stand apart from others on the same days and lots."""

    def test(left: Numbers) -> Shifts:
        return _of_groups(Kind.SLOT, left, left.place, _strata(left.day, left.lot))

    return _peeled(numbers, test, numbers.place)


def of_lots(numbers: Numbers, station_of_place: Ints) -> Shifts:
    """Lots that stand apart from others on the same days and stations."""

    def test(left: Numbers) -> Shifts:
        return _of_groups(Kind.LOT, left, left.lot, _strata(left.day, station_of_place[left.place]))

    return _peeled(numbers, test, numbers.lot)


def _peeled(numbers: Numbers, test: Callable[[Numbers], Shifts], group: Ints) -> Shifts:
    """The strongest group out, and again; some elements at a time, so that memory stays small."""
    left, found, looked = numbers.place >= 0, [], np.empty(0)
    for turn in range(MOST_ROUNDS):
        shifts: list[Shift] = []
        p = []
        for start in range(0, len(numbers.elements), AT_ONCE):
            some = test(numbers.only(left, slice(start, start + AT_ONCE)))
            p.append(some.p)
            shifts += [replace(one, element=one.element + start) for one in some.that_matter]
        looked = np.concatenate([looked, *p]) if not turn else looked
        if not shifts:
            break
        strongest = max(shifts, key=lambda one: abs(one.sigmas)).number
        found += [one for one in shifts if one.number == strongest]
        left &= group != strongest
    return Shifts(looked, tuple(sorted(found, key=lambda one: (one.p, -abs(one.sigmas)))))


def _strata(*keys: Ints) -> NDArray[np.int64]:
    found = np.zeros(len(keys[0]), np.int64)
    for key in keys:
        found = found * (int(key.max()) + 2 if len(key) else 1) + key + 1
    return found


def _summed(index: NDArray[np.int64], many: int, values: Floats) -> Floats:
    """Rows of ``values`` added up by ``index``."""
    order = np.argsort(index, kind="stable")
    names, starts = np.unique(index[order], return_index=True)
    found = np.zeros((many, values.shape[1]))
    if len(names):
        found[names] = np.add.reduceat(values[order], starts, axis=0)
    return found


def _of_groups(kind: Kind, numbers: Numbers, group: Ints, strata: NDArray[np.int64]) -> Shifts:
    known = group >= 0
    many = int(group.max()) + 1 if known.any() else 0
    if many < 2:
        return Shifts(np.empty(0), ())
    n, sums = numbers.n[known], numbers.n[known] * numbers.mean[known]
    _, stratum = np.unique(strata[known], return_inverse=True)
    of = stratum.max() + 1
    others_n = _summed(stratum, of, n)[stratum] - n
    others_sum = _summed(stratum, of, sums)[stratum] - sums
    own = group[known].astype(np.int64)
    with np.errstate(invalid="ignore", divide="ignore"):
        alike = np.where(others_n > 0, n, 0.0)
        apart = np.where(others_n > 0, sums - n * others_sum / others_n, 0.0)
        variance = np.where(others_n > 0, n + n**2 / others_n, 0.0)
        many_n = _summed(own, many, alike)
        shift = _summed(own, many, apart) / many_n
        mean = _summed(own, many, np.where(others_n > 0, sums, 0.0)) / many_n
        sigma = board_sigma(numbers)
        z = shift * many_n / (sigma * np.sqrt(_summed(own, many, variance)))
        sigmas = shift / sigma
    p = 2 * scipy_stats.norm.sf(np.abs(z))
    return _shifts(kind, np.arange(many), mean - shift, mean, sigmas, p)


def daily(numbers: Numbers) -> tuple[Ints, Floats, Floats]:
    """Days, and of each element boards and mean of each day (days × elements; NaN without boards)."""
    days, day = np.unique(numbers.day, return_inverse=True)
    n = _summed(day, len(days), numbers.n)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = _summed(day, len(days), numbers.n * numbers.mean) / n
    return days, n, mean


def steps(numbers: Numbers, without: NDArray[np.bool_]) -> Shifts:
    """Each element's strongest step from one day on; cells in ``without`` are left out.

    By t of the daily means, so that days that differ anyway are no news; times the days it was looked for at.
    """
    cells = ~without & (numbers.place >= 0)
    days, n, mean = daily(numbers.only(cells))
    if len(days) < LEAST_DAYS:
        return Shifts(np.empty(0), ())
    with np.errstate(invalid="ignore", divide="ignore"):
        there = n > 0
        middle = np.nanmean(np.where(there, mean, np.nan), axis=0)
        mean = mean - middle
        count, first, second = (
            np.cumsum(np.where(there, value, 0.0), axis=0) for value in (np.ones_like(mean), mean, mean**2)
        )
        before_n, after_n = count[:-1], count[-1] - count[:-1]
        before, after = first[:-1] / before_n, (first[-1] - first[:-1]) / after_n
        residual = second[-1] - before_n * before**2 - after_n * after**2
        degrees = count[-1] - 2
        t = (after - before) / np.sqrt(np.maximum(residual, 1e-300) / degrees * (1 / before_n + 1 / after_n))
        t = np.where((before_n >= LEAST_SIDE) & (after_n >= LEAST_SIDE), np.abs(t), -1.0)
        t = np.where(np.isfinite(t), t, -1.0)
        best = np.argmax(t, axis=0)
        columns = np.arange(mean.shape[1])
        strongest = t[best, columns]
        p = np.minimum(1.0, 2 * scipy_stats.t.sf(strongest, degrees) * (len(days) - 1))
        p = np.where(strongest >= 0, p, np.nan)
        low, high = middle + before[best, columns], middle + after[best, columns]
        sigmas = (high - low) / board_sigma(numbers)
    return _shifts(Kind.SINCE, days[best + 1], low, high, sigmas, p)


def _shifts(
    kind: Kind, number: NDArray[np.int64] | Ints, before: Floats, after: Floats, sigmas: Floats, p: Floats
) -> Shifts:
    """Arrays are groups × elements, or elements for steps, whose day is the element's own."""
    own_day = before.ndim == 1
    if own_day:
        before, after, sigmas, p = (one[None, :] for one in (before, after, sigmas, p))
    looked = np.isfinite(p) & np.isfinite(sigmas)
    strong = looked & (np.abs(sigmas) >= LEAST_SIGMAS)
    found = [
        Shift(
            kind,
            int(number[element if own_day else at]),
            int(element),
            float(before[at, element]),
            float(after[at, element]),
            float(sigmas[at, element]),
            float(p[at, element]),
        )
        for at, element in zip(*np.nonzero(strong), strict=True)
    ]
    found.sort(key=lambda one: (one.p, -abs(one.sigmas)))
    return Shifts(p[looked], tuple(found))


def cells_of(numbers: Numbers, slots: Collection[int], lots: Collection[int]) -> NDArray[np.bool_]:
    """The cells of these slots and lots."""
    return np.isin(numbers.place, list(slots)) | np.isin(numbers.lot, list(lots))
