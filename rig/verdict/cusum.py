"""The watch over chips already called good: an alarm when one turns bad.

Page's CUSUM of the same log-likelihood steps as the sequential test, held at zero from below.
Whatever its rhythm, the chance that a good chip ever climbs to ``h`` from one given moment is at
most exp(-h) (Wald), so over n answers at most n exp(-h): the threshold follows from the stated
false-alarm length without simulation. Tests simulate it nevertheless.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rig.recipe.recipe import Decision

# 78 TH/s over 65 chips at ticket 1: 256foundation/mujina BM13xx reference, S21 Pro capture.
ANSWERS_PER_SECOND = 279.4


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """At most ``board_risk`` of a false alarm on a good board watched for ``seconds``."""

    board_risk: float = 1e-4
    seconds: float = 3600.0
    answers_per_second: float = ANSWERS_PER_SECOND   # of one chip

    def threshold(self, chips: int) -> float:
        return math.log(chips * self.answers_per_second * self.seconds / self.board_risk)


class Watch:
    """Watches the chips of one board. ``alarmed``: (chips,) bool, latched."""

    def __init__(self, decision: Decision, chips: int, allowed: FalseAlarms | None = None) -> None:
        good, bad = decision.good_hit_rate, decision.bad_hit_rate
        self._hit_weight = math.log(bad / good)
        self._miss_weight = math.log((1.0 - bad) / (1.0 - good))
        self.threshold = (allowed or FalseAlarms()).threshold(chips)
        self.alarmed: NDArray[np.bool_] = np.zeros(chips, dtype=np.bool_)
        self._sum = np.zeros(chips)
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
        step = missed * self._miss_weight + came * self._hit_weight
        self._sum = np.where(np.asarray(watched), np.maximum(0.0, self._sum + step), 0.0)
        self.alarmed |= self._sum >= self.threshold
        return self.alarmed.copy()
