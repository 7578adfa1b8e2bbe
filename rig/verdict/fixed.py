"""A test of fixed length: so many known answers, of which so many may be missed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rig.errors import RecipeError
from rig.verdict.binomial import lower_tails, upper_tails

MOST_ANSWERS = 20_000


@dataclass(frozen=True, slots=True)
class FixedTest:
    """A chip that misses ``most_misses`` of ``answers`` known answers, or less, is good."""

    answers: int
    most_misses: int

    @classmethod
    def of(cls, good_hit_rate: float, bad_hit_rate: float, risk: float) -> Self:
        """The shortest, to a hundredth, that errs with ``risk`` at most either way.

        Exact binomial tails. Raises RecipeError when it would take more than MOST_ANSWERS.
        """
        answers = 16
        while answers <= MOST_ANSWERS:
            most = int(np.argmax(upper_tails(answers, 1 - good_hit_rate) <= risk))
            if lower_tails(answers, 1 - bad_hit_rate)[most] <= risk:
                return cls(answers, most)
            answers += max(1, answers // 100)
        raise RecipeError(
            f"rates of {good_hit_rate:g} and {bad_hit_rate:g} told apart at a risk of {risk:g}: found more "
            f"than {MOST_ANSWERS} answers a chip needed, expected fewer; put the rates further apart"
        )

    def good(self, trials: ArrayLike, hits: ArrayLike) -> NDArray[np.bool_]:
        """Which chips are good; (chips,) in and out. More trials than ``answers`` may miss more, in
        proportion; fewer prove nothing."""
        tried = np.asarray(trials, dtype=np.int64)
        missed = tried - np.asarray(hits, dtype=np.int64)
        return np.asarray((tried >= self.answers) & (missed * self.answers <= self.most_misses * tried))
