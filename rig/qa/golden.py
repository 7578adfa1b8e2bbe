"""Golden boards: is what a slot measures of them still what it measured before. Pure but for the lake."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats as scipy_stats

from rig.qa.numbers import Element, Numbers, collect
from rig.qa.select import Chosen, Firsts
from rig.qa.stats import Bounds
from rig.verdict.control import Baseline

LEAST_RUNS: Final = 10  # of history, before a run is held against it
MOST_Z: Final = 3.0
RATE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Track:
    """What one slot measured of golden boards: ``days`` and ``values`` in order, ``z`` of the last one.

    ``p``: as far out or farther by chance, given how little history there is. z is NaN without enough.
    """

    slot: str
    element: Element
    days: tuple[int, ...]
    values: tuple[float, ...]
    z: float
    p: float


@dataclass(frozen=True, slots=True)
class Golden:
    """``out``: tracks whose last run stands out, all that were looked at taken into account."""

    runs: int
    tracks: tuple[Track, ...]
    out: tuple[Track, ...]


def golden(chosen: Chosen) -> Golden:
    """Every slot × measurement of the whole board that has a range for a limit."""
    firsts = chosen.golden()
    if not len(firsts):
        return Golden(0, (), ())
    spec = firsts.spec.names[int(np.bincount(firsts.spec.codes).argmax())]
    numbers = collect(chosen.lake, firsts, spec)
    tracks = tuple(
        _tracks(firsts, numbers, np.flatnonzero(firsts.spec.codes == firsts.spec.names.index(spec)))
    )
    looked = [one for one in tracks if math.isfinite(one.p)]
    out = tuple(one for one in looked if abs(one.z) > MOST_Z and one.p * len(looked) <= RATE)
    return Golden(len(firsts), tracks, tuple(sorted(out, key=lambda one: one.p)))


def _tracks(
    firsts: Firsts, numbers: Numbers, which: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> list[Track]:
    """Columns of the sample stand as ``which``: by part (day), then slot, then time."""
    if len(numbers.sample) != len(which):
        return []
    found = []
    for slot, name in enumerate(firsts.slot.names):
        mine = np.flatnonzero(firsts.slot.codes[which] == slot)
        for at, element in enumerate(numbers.elements):
            if element.told.over != "board" or not Bounds.read(element.told.limit).is_range:
                continue
            values = numbers.sample.of(at)[mine]
            there = np.isfinite(values)
            if there.any():
                days = firsts.day[which][mine][there]
                z, p = _last(values[there].tolist())
                found.append(Track(name, element, tuple(days.tolist()), tuple(values[there].tolist()), z, p))
    return found


def _last(values: Sequence[float]) -> tuple[float, float]:
    """z of the last value against those before it, and its p by Student's t of a new value."""
    if len(values) <= LEAST_RUNS:
        return math.nan, math.nan
    past = Baseline.of(values[:-1])
    z = past.z(values[-1])
    if not past.sigma > 0:
        return math.nan, math.nan
    return z, chance(z, past.n)


def chance(z: float, n: int) -> float:
    """How likely a new value lies so many sigmas of ``n`` values before it from their mean: Student's t."""
    return 2 * float(scipy_stats.t.sf(abs(z) / math.sqrt(1 + 1 / n), n - 1))
