"""Does a chip hash at its rate? Random work, no known answers: counts against an expected number.

What a chip finds in work nobody solved before is Poisson: with ``expected`` answers of a perfect chip,
one of rate r returns r times as many on average, and the count scatters by its root. Wald's test on
that count decides early, a fixed rule at ``most_expected`` decides the rest; both risks are held for
any rhythm of looking, as in rig.verdict.sequential: a bound is crossed with at most the reciprocal of
the likelihood ratio there, the fixed rule with at most its Poisson tail.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rig.errors import RecipeError
from rig.recipe.recipe import RandomWork
from rig.verdict.calibrate import MOST_LATE_SHARE
from rig.verdict.sequential import ChipCall

_SPAN = 40.0            # standard deviations beyond which a Poisson tail is nothing


def probabilities(first: int, end: int, mean: float) -> NDArray[np.float64]:
    """P(X = k) for k = first..end - 1 of a Poisson with ``mean`` above 0."""
    count = np.arange(first, end, dtype=np.float64)
    logs = math.lgamma(first + 1) + np.concatenate(([0.0], np.cumsum(np.log(count[1:]))))[:len(count)]
    terms: NDArray[np.float64] = np.exp(count * math.log(mean) - mean - logs)
    return terms


def at_most(count: int, mean: float) -> float:
    """P(X <= count)."""
    if count < 0:
        return 0.0
    first = max(0, min(count, int(mean)) - _span(mean))
    return min(1.0, float(probabilities(first, count + 1, mean).sum()))


def above(count: int, mean: float) -> float:
    """P(X > count)."""
    first = max(0, count + 1)
    return min(1.0, float(probabilities(first, max(first, int(mean)) + _span(max(mean, first)), mean).sum()))


def _span(mean: float) -> int:
    return int(_SPAN * math.sqrt(mean)) + 50


@dataclass(frozen=True, slots=True)
class RateTest:
    """The bounds of the test for one chip of a board. Log-likelihood ratios, bad over good.

    Call GOOD at ``good_at`` or below, BAD at ``bad_at`` or above; from ``most_expected`` on, BAD above
    ``last_word`` and GOOD otherwise.
    """

    answer_weight: float             # of an answer that came
    expected_weight: float           # of one that a perfect chip would have returned
    good_at: float
    bad_at: float
    most_expected: float
    last_word: float

    @classmethod
    def for_board(cls, criteria: RandomWork, chips: int, most_expected: float) -> Self:
        """The test for every chip of a board of ``chips``; the good ones share the board's risk.

        ``most_expected``: answers of a perfect chip by the time the fixed rule decides. Raises
        RecipeError when they are too few to hold both risks.
        """
        good, bad = criteria.good_rate, criteria.bad_rate
        good_risk = -math.expm1(math.log1p(-criteria.board_risk) / chips)
        slope = (good - bad) / math.log(good / bad)         # of the line between, answers an expected one
        count = _largest_count(good, slope, most_expected, MOST_LATE_SHARE * good_risk)
        late_good = _late_good(count, good, slope, most_expected) / good_risk
        late_bad = _late_bad(count, bad, slope, most_expected) / criteria.chip_risk
        if count < 0 or late_bad > MOST_LATE_SHARE:
            raise RecipeError(
                f"random_work: found {most_expected:.0f} expected answers a chip, expected enough to tell a "
                f"rate of {good:g} from {bad:g} at risks of {criteria.board_risk:g} a board and "
                f"{criteria.chip_risk:g} a bad chip; raise most_seconds or lower bad_rate"
            )
        return cls(
            answer_weight=math.log(bad / good),
            expected_weight=good - bad,
            good_at=math.log(criteria.chip_risk * (1.0 - late_bad)),
            bad_at=-math.log(good_risk * (1.0 - late_good)),
            most_expected=most_expected,
            last_word=math.log(good / bad) * (most_expected * slope - count - 0.5),
        )

    def ratio(self, expected: ArrayLike, answers: ArrayLike) -> NDArray[np.float64]:
        """Log-likelihood ratio of each chip, bad over good."""
        weighed: NDArray[np.float64] = (
            np.asarray(answers, dtype=np.float64) * self.answer_weight
            + np.asarray(expected, dtype=np.float64) * self.expected_weight
        )
        return weighed

    def judge(self, expected: ArrayLike, answers: ArrayLike) -> NDArray[np.int8]:
        """ChipCall of each chip for its counts so far; shapes (chips,). Forgets what it said before."""
        ratio = self.ratio(expected, answers)
        calls = np.full(ratio.shape, ChipCall.CONTINUE, dtype=np.int8)
        late = np.asarray(expected, dtype=np.float64) >= self.most_expected
        calls[late] = np.where(ratio > self.last_word, ChipCall.BAD, ChipCall.GOOD).astype(np.int8)[late]
        calls[ratio <= self.good_at] = ChipCall.GOOD
        calls[ratio >= self.bad_at] = ChipCall.BAD
        return calls


def _largest_count(good: float, slope: float, most: float, risk: float) -> int:
    """The most answers that may be called BAD at ``most`` expected ones; -1 when not even none may."""
    low, high = -1, int(good * most) + 1                    # at the mean the risk is about a half
    while high - low > 1:
        middle = (low + high) // 2
        if _late_good(middle, good, slope, most) <= risk:
            low = middle
        else:
            high = middle
    return low


# Looks do not fall on ``most`` exactly. The rule is a line half an answer above ``count`` there, so what
# is called BAD grows by one after half an answer's worth more, and by one more for each answer's worth
# after that: each risk is taken where it is largest.

def _late_good(count: int, good: float, slope: float, most: float) -> float:
    return max(at_most(count, good * most), at_most(count + 1, good * (most + 0.5 / slope)))


def _late_bad(count: int, bad: float, slope: float, most: float) -> float:
    return max(above(count, bad * (most + 0.5 / slope)), above(count + 1, bad * (most + 1.5 / slope)))
