"""A test of fixed length against exact tails and against dice."""

from __future__ import annotations

import numpy as np
import pytest

from rig.errors import RecipeError
from rig.verdict.binomial import at_least
from rig.verdict.fixed import FixedTest


@pytest.mark.parametrize(("good", "bad", "risk"), [
    (0.995, 0.985, 1e-4), (0.995, 0.975, 1e-3), (0.999, 0.9, 0.01), (0.6, 0.4, 0.2),
])
def test_it_errs_as_seldom_as_stated_and_is_no_longer_than_needed(
    good: float, bad: float, risk: float
) -> None:
    test = FixedTest.of(good, bad, risk)

    assert at_least(test.most_misses + 1, test.answers, 1 - good) <= risk
    assert 1 - at_least(test.most_misses + 1, test.answers, 1 - bad) <= risk
    shorter = int(test.answers / 1.02) - 1
    assert not any(
        at_least(most + 1, shorter, 1 - good) <= risk and 1 - at_least(most + 1, shorter, 1 - bad) <= risk
        for most in range(test.most_misses + 2)
    )


def test_it_calls_chips_as_often_right_as_dice_say() -> None:
    test, dice = FixedTest.of(0.995, 0.975, 0.01), np.random.default_rng(3)
    trials = np.full(20_000, test.answers + 7)

    for rate, right in ((0.995, True), (0.975, False)):
        called = test.good(trials, dice.binomial(trials, rate))
        assert (called == right).mean() > 0.985


def test_fewer_trials_than_it_needs_prove_nothing() -> None:
    test = FixedTest.of(0.995, 0.975, 0.01)
    trials = [test.answers - 1, test.answers]
    assert test.good(trials, trials).tolist() == [False, True]


def test_rates_too_near_to_each_other_are_refused() -> None:
    with pytest.raises(RecipeError, match="put the rates further apart"):
        FixedTest.of(0.995, 0.994, 1e-4)
