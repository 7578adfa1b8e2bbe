"""The Poisson test against scipy, against chance, and at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rig.errors import RecipeError
from rig.recipe import RandomWork
from rig.verdict.poisson import RateTest, above, at_most, probabilities
from rig.verdict.sequential import ChipCall

CRITERIA = RandomWork(good_rate=0.995, bad_rate=0.92, board_risk=1e-4, chip_risk=1e-4, most_seconds=60)
CHIPS = 65
MOST = 15_000.0
TEST = RateTest.for_board(CRITERIA, CHIPS, MOST)


@given(mean=st.floats(0.01, 2e5), spread=st.floats(-8, 8))
def test_tails_are_scipys(mean: float, spread: float) -> None:
    count = int(mean + spread * np.sqrt(mean))
    assert at_most(count, mean) == pytest.approx(stats.poisson.cdf(count, mean), rel=1e-6, abs=1e-30)
    assert above(count, mean) == pytest.approx(stats.poisson.sf(count, mean), rel=1e-6, abs=1e-30)


def test_probabilities_are_scipys() -> None:
    assert probabilities(0, 40, 7.5) == pytest.approx(stats.poisson.pmf(np.arange(40), 7.5))
    assert probabilities(990, 1010, 1000.0) == pytest.approx(stats.poisson.pmf(np.arange(990, 1010), 1000))
    assert probabilities(5, 5, 3.0).shape == (0,)
    assert at_most(-1, 3.0) == 0.0
    assert above(-4, 3.0) == pytest.approx(1.0)


def last_rule_risks(test: RateTest, expected: float) -> tuple[float, float]:
    """Good called bad, bad called good, when the fixed rule speaks at ``expected`` answers."""
    # BAD where answers * weight + expected * weight > last_word: below this many answers
    edge = (test.last_word - expected * test.expected_weight) / test.answer_weight
    bad_up_to = int(np.ceil(edge)) - 1
    return (
        float(stats.poisson.cdf(bad_up_to, CRITERIA.good_rate * expected)),
        float(stats.poisson.sf(bad_up_to, CRITERIA.bad_rate * expected)),
    )


def test_both_risks_are_held_wherever_the_last_look_falls() -> None:
    good_risk = 1 - (1 - CRITERIA.board_risk) ** (1 / CHIPS)
    for expected in np.concatenate((MOST + np.arange(0, 40, 0.05), np.arange(MOST, 2 * MOST, 137.7))):
        good, bad = last_rule_risks(TEST, float(expected))
        # a bound costs at most the reciprocal of the likelihood ratio at it
        assert good + np.exp(-TEST.bad_at) <= good_risk * (1 + 1e-9)
        assert bad + np.exp(TEST.good_at) <= CRITERIA.chip_risk * (1 + 1e-9)


@pytest.mark.parametrize(("rate", "says"), [
    (0.995, ChipCall.GOOD), (1.0, ChipCall.GOOD),
    (0.92, ChipCall.BAD), (0.5, ChipCall.BAD), (0.0, ChipCall.BAD),
])
def test_risks_by_chance_looking_often(rate: float, says: ChipCall) -> None:
    """2,000 chips looked at every 280 answers: with risks loosened a hundredfold, few are called wrong."""
    loose = RandomWork(good_rate=0.995, bad_rate=0.92, board_risk=0.5 - 1e-9, chip_risk=0.01, most_seconds=60)
    test = RateTest.for_board(loose, CHIPS, MOST)
    rng = np.random.default_rng(5)
    answers, calls = np.zeros(2_000), np.zeros(2_000, dtype=np.int8)
    for look in range(1, 60):
        answers += rng.poisson(rate * 280, 2_000)
        now = test.judge(np.full(2_000, 280.0 * look), answers)
        calls = np.where(calls == ChipCall.CONTINUE, now, calls)
    assert (calls != ChipCall.CONTINUE).all()
    wrong = int((calls != says).sum())
    allowed = 0.011 if says is ChipCall.GOOD else 0.01      # 1 - 0.5 ** (1 / 65), chip_risk
    assert wrong <= stats.binom.ppf(0.9999, 2_000, allowed)


def test_a_clear_chip_is_decided_early() -> None:
    expected = np.array([300.0, 3_000.0, 3_000.0, 100.0])
    calls = TEST.judge(expected, np.array([20.0, 3_010.0, 2_900.0, 100.0]))
    assert calls.tolist() == [ChipCall.BAD, ChipCall.GOOD, ChipCall.CONTINUE, ChipCall.CONTINUE]


def test_the_last_word_leaves_none_open() -> None:
    answers = np.arange(0.0, 1.1 * MOST, 7)
    calls = TEST.judge(np.full(len(answers), MOST), answers)
    assert set(calls.tolist()) == {ChipCall.GOOD, ChipCall.BAD}
    assert (np.diff(calls) <= 0).all()              # BAD (2) below, GOOD (1) above one edge
    edge = answers[np.argmax(calls == ChipCall.GOOD)]
    assert 0.92 * MOST < edge < 0.995 * MOST


@pytest.mark.parametrize("most", [0.0001, 50.0, 3_000.0])
def test_too_few_answers_for_the_risks_are_refused(most: float) -> None:
    with pytest.raises(RecipeError, match="raise most_seconds or lower bad_rate"):
        RateTest.for_board(CRITERIA, CHIPS, most)


def test_one_percent_takes_most_of_an_hour() -> None:
    fine = CRITERIA.model_copy(update={"bad_rate": 0.985})
    with pytest.raises(RecipeError):
        RateTest.for_board(fine, CHIPS, 279.4 * 60 * 35)
    RateTest.for_board(fine, CHIPS, 279.4 * 60 * 50)
