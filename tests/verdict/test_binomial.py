from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from rig.verdict.binomial import at_least, lower_tails, probabilities, some_of, upper_tails


@pytest.mark.parametrize(("trials", "chance"), [(1, 0.5), (128, 0.02), (6_900, 0.005), (6_900, 0.015)])
def test_tails_agree_with_scipy(trials: int, chance: float) -> None:
    counts = np.arange(trials + 1)
    assert probabilities(trials, chance) == pytest.approx(
        binom.pmf(counts, trials, chance), rel=1e-9, abs=1e-300
    )
    assert lower_tails(trials, chance) == pytest.approx(binom.cdf(counts, trials, chance), rel=1e-9)
    assert upper_tails(trials, chance) == pytest.approx(
        binom.sf(counts, trials, chance), rel=1e-8, abs=1e-300
    )
    assert at_least(3, trials, chance) == pytest.approx(binom.sf(2, trials, chance), rel=1e-8)
    assert at_least(0, trials, chance) == pytest.approx(1.0)


def test_unequal_chances_add_up() -> None:
    random = np.random.default_rng(3)
    equal = np.full((1, 40), 0.1)
    assert some_of(equal, np.array([7]))[0] == pytest.approx(binom.sf(6, 40, 0.1))
    chances = random.uniform(0, 0.3, size=(2, 30))
    drawn = (random.random((200_000, 1, 30)) < chances).sum(axis=2)
    assert some_of(chances, np.array([4, 6])) == pytest.approx((drawn >= [4, 6]).mean(axis=0), abs=0.005)
