"""Is a chip good or bad? Decided as early as the misses allow, with both risks held.

Each distinct known answer is one trial: it came back (hit) or not (miss). Wald's sequential
probability ratio test adds up ln P(bad)/P(good) and stops at a bound on either side; a chip that
is still between the bounds after ``most_answers_per_chip`` is called by a fixed number of misses.

The risks hold for any rhythm of looking. Crossing a bound costs at most the reciprocal of the
likelihood ratio there (Wald), the fixed rule at most its binomial tail; the design shares each
risk between the two so that the sums stay within what the recipe states.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rig.errors import RecipeError
from rig.recipe.recipe import Decision
from rig.verdict.binomial import lower_tails, upper_tails

MOST_LATE_SHARE = 0.9   # of either risk; the rest is for deciding early


class ChipCall(IntEnum):
    """What is known of one chip."""

    CONTINUE = 0
    GOOD = 1
    BAD = 2


@dataclass(frozen=True, slots=True)
class SequentialTest:
    """The bounds of the test for one chip of a board. Log-likelihood ratios, bad over good.

    Call GOOD at ``good_at`` or below, BAD at ``bad_at`` or above; with ``most_answers`` trials or
    more, BAD above ``last_word`` and GOOD otherwise.
    """

    hit_weight: float
    miss_weight: float
    good_at: float
    bad_at: float
    most_answers: int
    last_word: float

    @classmethod
    def for_board(cls, decision: Decision, chips: int) -> Self:
        """The test for every chip of a board of ``chips``.

        The risk of failing a good board is shared by its chips: 1 - (1 - risk) ** (1 / chips).
        Raises RecipeError when ``most_answers_per_chip`` is too small to hold both risks.
        """
        good, bad = decision.good_hit_rate, decision.bad_hit_rate
        good_risk = -math.expm1(math.log1p(-decision.board_risk) / chips)
        hit, miss = math.log(bad / good), math.log((1.0 - bad) / (1.0 - good))
        most = decision.most_answers_per_chip
        late_good, late_bad = _late_shares(decision, good_risk, half_step=math.ceil(0.5 * (1.0 - miss / hit)))
        misses = int(np.argmax(late_good <= MOST_LATE_SHARE))
        if late_bad[misses] > MOST_LATE_SHARE:
            raise RecipeError(
                f"decision.most_answers_per_chip: found {most}, expected enough answers to tell a hit "
                f"rate of {good:g} from {bad:g} at risks of {decision.board_risk:g} a board and "
                f"{decision.chip_risk:g} a bad chip; raise it"
            )
        return cls(
            hit_weight=hit,
            miss_weight=miss,
            good_at=math.log(decision.chip_risk * (1.0 - late_bad[misses])),
            bad_at=-math.log(good_risk * (1.0 - late_good[misses])),
            most_answers=most,
            last_word=(misses + 0.5) * miss + (most - misses - 0.5) * hit,
        )

    def ratio(self, trials: ArrayLike, hits: ArrayLike) -> NDArray[np.float64]:
        """Log-likelihood ratio of each chip, bad over good. Late hits never count below no miss."""
        seen = np.asarray(trials, dtype=np.float64)
        misses = np.maximum(0.0, seen - np.asarray(hits, dtype=np.float64))
        return misses * self.miss_weight + (seen - misses) * self.hit_weight

    def judge(self, trials: ArrayLike, hits: ArrayLike) -> NDArray[np.int8]:
        """ChipCall of each chip for its counts so far; shapes (chips,). Forgets what it said before."""
        ratio = self.ratio(trials, hits)
        calls = np.full(ratio.shape, ChipCall.CONTINUE, dtype=np.int8)
        calls[ratio <= self.good_at] = ChipCall.GOOD
        calls[ratio >= self.bad_at] = ChipCall.BAD
        late = (calls == ChipCall.CONTINUE) & (np.asarray(trials) >= self.most_answers)
        calls[late] = self._by_last_word(ratio)[late]
        return calls

    def _by_last_word(self, ratio: NDArray[np.float64]) -> NDArray[np.int8]:
        return np.where(ratio > self.last_word, ChipCall.BAD, ChipCall.GOOD).astype(np.int8)

    def settle(self, trials: ArrayLike, hits: ArrayLike) -> NDArray[np.int8]:
        """As ``judge``, for when no more answers will come.

        A chip with at least half of ``most_answers`` is called by ``last_word``; its risks are then
        larger than stated. One with fewer stays CONTINUE.
        """
        calls = self.judge(trials, hits)
        ratio = self.ratio(trials, hits)
        enough = (calls == ChipCall.CONTINUE) & (2 * np.asarray(trials) >= self.most_answers)
        calls[enough] = self._by_last_word(ratio)[enough]
        return calls


def _late_shares(
    decision: Decision, good_risk: float, *, half_step: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares of the good and the bad chips' risk that the fixed rule spends when it allows k misses.

    Looks do not fall on ``most_answers`` exactly, so the rule is a line half a miss above k there,
    which reaches k + 1 after ``half_step`` answers more: each risk is taken where it is largest.
    """
    most = decision.most_answers_per_chip
    good = upper_tails(most + half_step, 1.0 - decision.good_hit_rate)[:most]
    at_end = lower_tails(most, 1.0 - decision.bad_hit_rate)[:most]
    later = lower_tails(most + half_step, 1.0 - decision.bad_hit_rate)[1:most + 1]
    return good / good_risk, np.maximum(at_end, later) / decision.chip_risk


class ChipTracker:
    """Latched calls of all chips of a board: the first GOOD or BAD of a chip stands.

    ``calls``: (chips,) ChipCall; ``decided_at``: (chips,) trials at the decision, 0 while open.
    """

    def __init__(self, test: SequentialTest, chips: int) -> None:
        self.test = test
        self.calls: NDArray[np.int8] = np.full(chips, ChipCall.CONTINUE, dtype=np.int8)
        self.decided_at: NDArray[np.int64] = np.zeros(chips, dtype=np.int64)

    @property
    def done(self) -> bool:
        """Whether every chip is decided."""
        return not bool(np.any(self.calls == ChipCall.CONTINUE))

    @property
    def bad(self) -> NDArray[np.intp]:
        """Indices of the chips called BAD."""
        return np.flatnonzero(self.calls == ChipCall.BAD)

    def update(self, trials: ArrayLike, hits: ArrayLike) -> NDArray[np.int8]:
        """Take cumulative counts, shapes (chips,), and return the latched calls."""
        return self._latch(self.test.judge(trials, hits), trials)

    def settle(self, trials: ArrayLike, hits: ArrayLike) -> NDArray[np.int8]:
        """As ``update``, for when no more answers will come; see SequentialTest.settle."""
        return self._latch(self.test.settle(trials, hits), trials)

    def _latch(self, calls: NDArray[np.int8], trials: ArrayLike) -> NDArray[np.int8]:
        fresh = (self.calls == ChipCall.CONTINUE) & (calls != ChipCall.CONTINUE)
        self.calls[fresh] = calls[fresh]
        self.decided_at[fresh] = np.asarray(trials)[fresh]
        return self.calls.copy()
