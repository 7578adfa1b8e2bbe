"""The watch over chips already called good: an alarm when one turns bad.

Page's CUSUM of the sequential test's log-likelihood steps in whole numbers, held at zero from below:
a hit counts one down, a miss so many up as a miss weighs hits. So it is a Markov chain, and the mean
number of answers until a good chip is alarmed by chance is computed exactly. The level is the least
whose mean is long enough for the stated false-alarm length. The walk starts at its lowest, so that it
is new better than used, and within n answers alarms with at most n / mean (R. E. Barlow, F. Proschan,
Statistical Theory of Reliability and Life Testing, 1975, chapter 6); with fewer looks than answers it
climbs no higher.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rig.recipe.recipe import Decision
from rig.verdict.sequential import aim_of

# 78 TH/s over 65 chips at ticket 1: 256foundation/mujina BM13xx reference, S21 Pro capture.
ANSWERS_PER_SECOND = 279.4


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """At most ``board_risk`` of a false alarm on a good board watched for ``seconds``."""

    board_risk: float = 1e-4
    seconds: float = 3600.0
    answers_per_second: float = ANSWERS_PER_SECOND   # of one chip

    def mean_answers(self, chips: int) -> float:
        """How long a good chip must go on average before it is alarmed."""
        return chips * self.answers_per_second * self.seconds / self.board_risk


def mean_lengths(hit_rate: float, weight: int, most: float) -> NDArray[np.float64]:
    """Mean answers from 0 until the sum of a chip of ``hit_rate`` reaches level 1, 2, 3, …

    A miss adds ``weight``. The last level is the first with ``most`` or more. Levels are eliminated one
    by one: from level s the mean is time[s] plus that from the next ``weight`` levels, weighed with
    ``onward``; all terms are positive, so nothing cancels.
    """
    miss_rate = 1.0 - hit_rate
    time, lengths = 1.0 / miss_rate, [1.0 / miss_rate]
    onward, ahead = np.zeros(weight), np.zeros(weight)
    onward[-1] = ahead[-1] = 1.0
    while lengths[-1] < most:
        stays = 1.0 - hit_rate * onward[0]
        time = (1.0 + hit_rate * time) / stays
        onward[:-1] = onward[1:] * (hit_rate / stays)
        onward[-1] = miss_rate / stays
        reached = ahead[0]
        lengths.append(lengths[-1] + reached * time)
        ahead[:-1] = ahead[1:]
        ahead[-1] = 0.0
        ahead += reached * onward
    return np.array(lengths)


@lru_cache(maxsize=32)
def alarm_level(hit_rate: float, weight: int, mean_answers: float) -> int:
    """The least sum at which a chip of ``hit_rate`` is alarmed after ``mean_answers`` on average."""
    return len(mean_lengths(hit_rate, weight, mean_answers))


class Watch:
    """Watches the chips of one board. ``alarmed``: (chips,) bool, latched.

    ``weight`` of a miss and ``level`` of the alarm are in hits.
    """

    def __init__(self, decision: Decision, chips: int, allowed: FalseAlarms | None = None) -> None:
        aim = aim_of(decision, chips)
        self.weight = max(1, round(1.0 / aim.slope - 1.0))
        self.level = alarm_level(aim.good_rate, self.weight, (allowed or FalseAlarms()).mean_answers(chips))
        self.alarmed: NDArray[np.bool_] = np.zeros(chips, dtype=np.bool_)
        self._sum = np.zeros(chips, dtype=np.int64)
        self._trials = np.zeros(chips, dtype=np.int64)
        self._hits = np.zeros(chips, dtype=np.int64)

    def update(self, trials: ArrayLike, hits: ArrayLike, watched: ArrayLike) -> NDArray[np.bool_]:
        """Take cumulative counts and which chips are watched, shapes (chips,); returns ``alarmed``.

        A chip's answers count from the call after which it is ``watched``.
        """
        now, back = np.asarray(trials, dtype=np.int64), np.asarray(hits, dtype=np.int64)
        came = back - self._hits
        missed = (now - self._trials) - came
        self._trials, self._hits = now.copy(), back.copy()
        step = missed * self.weight - came
        self._sum = np.where(np.asarray(watched), np.maximum(0, self._sum + step), 0)
        self.alarmed |= self._sum >= self.level
        return self.alarmed.copy()
