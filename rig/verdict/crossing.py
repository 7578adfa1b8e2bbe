"""When does a count of misses cross which line? Exactly, by dynamic programming over (answers, misses).

A chip's misses are a walk: each answer adds one with the chance that it is missed. Two parallel lines
call it GOOD below and BAD above, a last word from ``most`` answers on calls what is left. At each
look the probability of every count of misses between the lines is known; what lies on a line or
beyond is called, the rest goes on. Nothing is bounded or approximated, whatever the looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rig.verdict.binomial import probabilities


@dataclass(frozen=True, slots=True)
class Lines:
    """Misses over answers n: GOOD at ``slope`` n - ``good_gap`` or below, BAD at ``slope`` n +
    ``bad_gap`` or above; from ``most`` answers on BAD above ``slope`` n + ``last_gap``, else GOOD.

    ``last_gap`` lies between the others.
    """

    slope: float
    good_gap: float
    bad_gap: float
    most: int
    last_gap: float

    def most_good(self, answers: ArrayLike) -> NDArray[np.int64]:
        """The most misses that are called GOOD; negative where none are."""
        gap = np.where(np.asarray(answers) >= self.most, self.last_gap, -self.good_gap)
        return np.floor(self._line(answers) + gap).astype(np.int64)

    def least_bad(self, answers: ArrayLike) -> NDArray[np.int64]:
        """The least misses that are called BAD."""
        early = np.ceil(self._line(answers) + self.bad_gap)
        late = np.floor(self._line(answers) + self.last_gap) + 1.0
        return np.where(np.asarray(answers) >= self.most, late, early).astype(np.int64)

    def _line(self, answers: ArrayLike) -> NDArray[np.float64]:
        return self.slope * np.asarray(answers, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Crossing:
    """What becomes of a chip. ``good`` and ``bad``: chance to be called so at each of ``looks``."""

    looks: NDArray[np.int64]
    good: NDArray[np.float64]
    bad: NDArray[np.float64]

    @property
    def accepted(self) -> float:
        """Chance to be called GOOD."""
        return float(self.good.sum())

    @property
    def rejected(self) -> float:
        """Chance to be called BAD."""
        return float(self.bad.sum())

    @property
    def still_open(self) -> float:
        """Chance not to be called by the last look."""
        return max(0.0, 1.0 - self.accepted - self.rejected)

    def mean_answers(self, chips: int = 1) -> float:
        """Answers until the slowest of ``chips`` such chips is called; one that stays open counts to
        the last look."""
        called = np.cumsum(self.good + self.bad)[:-1]
        return float(self.looks[0] + (np.diff(self.looks) * (1.0 - called**chips)).sum())


def cross(lines: Lines, hit_rate: float, looks: Iterable[int] | None = None) -> Crossing:
    """Follow a chip of ``hit_rate`` through ``looks``, rising numbers of answers; None: at every answer.

    Looks after the first at ``lines.most`` or beyond find nothing open and are left out.
    """
    at = np.arange(1, lines.most + 1) if looks is None else np.fromiter(looks, dtype=np.int64)
    at = at[: int(np.searchsorted(at, lines.most)) + 1]
    walk = Walk(1.0 - hit_rate)
    least_bad, most_good = lines.least_bad(at).tolist(), lines.most_good(at).tolist()
    called = [walk.look(*each) for each in zip(at.tolist(), most_good, least_bad, strict=True)]
    good, bad = np.array(called, dtype=np.float64).reshape(-1, 2).T
    return Crossing(at, good, bad)


def turning_looks(lines: Lines) -> NDArray[np.int64]:
    """The few looks before ``lines.most`` that find all that looks at every answer find.

    Misses never fall. So while neither line passes a whole number, whoever crosses the upper one is
    still across at the end, and none comes to the lower one: it is enough to look just before the
    upper line passes one and just as the lower one does.
    """
    answers = np.arange(lines.most)
    good, bad = lines.most_good(answers), lines.least_bad(answers)
    turns = np.zeros(lines.most, dtype=np.bool_)
    turns[:-1] |= bad[1:] > bad[:-1]
    turns[1:] |= good[1:] > good[:-1]
    turns[-1] = True
    return np.flatnonzero(turns)


class Walk:
    """Chances of each count of misses of a chip that was not called yet."""

    def __init__(self, miss_rate: float) -> None:
        self._miss_rate = miss_rate
        self._answers, self._least = 0, 0
        self._chances: NDArray[np.float64] = np.ones(1)     # of _least misses, one more, …

    def look(self, answers: int, most_good: int, least_bad: int) -> tuple[float, float]:
        """Go on to ``answers`` and call; the chances to be called GOOD and BAD just now."""
        good, bad, self._chances, self._least = self._split(answers, most_good, least_bad)
        self._answers = answers
        return good, bad

    def peek(self, answers: int, most_good: int, least_bad: int) -> tuple[float, float]:
        """What ``look`` would find; nothing goes on."""
        return self._split(answers, most_good, least_bad)[:2]

    def _split(
        self, answers: int, most_good: int, least_bad: int
    ) -> tuple[float, float, NDArray[np.float64], int]:
        chances = np.convolve(self._chances, _misses(answers - self._answers, self._miss_rate))
        low = max(0, most_good + 1 - self._least)
        high = max(low, least_bad - self._least)
        good, bad = float(chances[:low].sum()), float(chances[high:].sum())
        kept = chances[low:high]
        return good, bad, kept if len(kept) else np.zeros(1), self._least + low


@lru_cache(maxsize=4096)
def _misses(answers: int, miss_rate: float) -> NDArray[np.float64]:
    return probabilities(answers, miss_rate)
