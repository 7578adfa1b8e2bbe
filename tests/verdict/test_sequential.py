"""The stated risks, against an exact calculation and against drawn boards."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from rig.errors import RecipeError
from rig.recipe import Decision
from rig.verdict import ChipCall, ChipTracker, SequentialTest

CHIPS = 65
CHIP_RISK_GOOD = 1 - (1 - 1e-4) ** (1 / CHIPS)


def exact_calls(test: SequentialTest, miss: float, look: int) -> tuple[float, float]:
    """P(GOOD), P(BAD) of a chip by dynamic programming over its misses, looked at every ``look``.

    The last look may lie beyond most_answers, as a real one does.
    """
    width = 400
    misses = np.arange(width)
    step = binom.pmf(np.arange(min(look, width) + 1), look, miss)
    alive: NDArray[np.float64] = np.zeros(width)
    alive[0] = 1.0
    good = bad = 0.0
    trials = 0
    while alive.sum() > 1e-15:
        trials += look
        alive = np.convolve(alive, step)[:width]
        calls = test.judge(np.full(width, trials), trials - misses)
        good += float(alive[calls == ChipCall.GOOD].sum())
        bad += float(alive[calls == ChipCall.BAD].sum())
        alive[calls != ChipCall.CONTINUE] = 0.0
    return good, bad


@pytest.mark.parametrize(("most", "look"), [
    (6_850, 14), (6_850, 100), (6_850, 279), (6_850, 6_850), (6_850, 6_905), (6_850, 7_200),
    (7_000, 7), (7_000, 14), (7_000, 279), (7_000, 7_000), (7_300, 100),
])
def test_both_risks_hold_for_any_rhythm_of_looks(most: int, look: int) -> None:
    test = SequentialTest.for_board(Decision(most_answers_per_chip=most), CHIPS)
    good_chip, bad_chip = exact_calls(test, 0.005, look), exact_calls(test, 0.015, look)
    assert good_chip[1] <= CHIP_RISK_GOOD
    assert bad_chip[0] <= 1e-4
    assert sum(good_chip) == pytest.approx(1.0, abs=1e-9)
    assert sum(bad_chip) == pytest.approx(1.0, abs=1e-9)
    if most == 7_000 and look <= 14:
        assert good_chip[1] >= 0.75 * CHIP_RISK_GOOD, "the risk is used, not avoided by waiting"
        assert bad_chip[0] >= 0.85 * 1e-4


def test_drawn_chips_agree_with_the_exact_calculation() -> None:
    """At looser risks, so that a seeded draw of 10,000 chips sees them."""
    loose = Decision(board_risk=0.05, chip_risk=0.05, most_answers_per_chip=2_600)
    test = SequentialTest.for_board(loose, 1)
    random = np.random.default_rng(11)
    chips, look = 10_000, 20
    for miss, wrong in ((0.005, ChipCall.BAD), (0.015, ChipCall.GOOD)):
        tracker = ChipTracker(test, chips)
        misses = np.zeros(chips, dtype=np.int64)
        trials = 0
        while not tracker.done:
            trials += look
            misses += random.binomial(look, miss, size=chips)
            tracker.update(np.full(chips, trials), trials - misses)
        drawn = float(np.mean(tracker.calls == wrong))
        exact = exact_calls(test, miss, look)[int(wrong is ChipCall.BAD)]
        assert exact <= 0.05
        assert drawn == pytest.approx(exact, abs=4 * math.sqrt(exact / chips))


def test_a_good_board_is_decided_in_about_1450_answers_for_its_slowest_chip(
    sequential: SequentialTest,
) -> None:
    random = np.random.default_rng(5)
    slowest = []
    for _ in range(50):
        tracker, misses, trials = ChipTracker(sequential, CHIPS), np.zeros(CHIPS, dtype=np.int64), 0
        while not tracker.done:
            trials += 14                                    # a look every 50 ms
            misses += random.binomial(14, 0.001, size=CHIPS)
            tracker.update(np.full(CHIPS, trials), trials - misses)
        assert not len(tracker.bad)
        slowest.append(int(tracker.decided_at.max()))
    assert 1_350 <= np.mean(slowest) <= 1_550
    assert np.mean(slowest) / 279.4 < 0.35 * 18.3


@pytest.mark.parametrize(("rate", "most"), [(0.0, 30), (0.5, 60), (0.8, 120), (0.97, 1_200)])
def test_a_bad_chip_is_called_soon(sequential: SequentialTest, rate: float, most: int) -> None:
    random = np.random.default_rng(2)
    at = []
    for _ in range(100):
        missed = np.cumsum(random.random(8_000) >= rate)
        trials = np.arange(1, 8_001)
        calls = sequential.judge(trials, trials - missed)
        first = int(np.flatnonzero(calls)[0])
        assert calls[first] == ChipCall.BAD
        at.append(first + 1)
    assert np.mean(at) <= most


@pytest.mark.parametrize("most", [5_000, 6_360])
def test_too_few_answers_are_refused(most: int) -> None:
    """6,360 is the fixed number for both risks; it leaves nothing for deciding early."""
    with pytest.raises(RecipeError, match=f"most_answers_per_chip: found {most}"):
        SequentialTest.for_board(Decision(most_answers_per_chip=most), CHIPS)


def test_the_fixed_rule_holds_wherever_the_last_look_falls(sequential: SequentialTest) -> None:
    late = np.arange(6_850, 9_000)
    allowed = np.array([
        int(np.flatnonzero(sequential.judge(np.full(200, n), n - np.arange(200)) == ChipCall.GOOD).max())
        for n in late
    ])
    assert (binom.sf(allowed, late, 0.005) <= CHIP_RISK_GOOD * 0.9).all()
    assert (binom.cdf(allowed, late, 0.015) <= 1e-4 * 0.9).all()


def test_calls_are_latched(sequential: SequentialTest) -> None:
    tracker = ChipTracker(sequential, 3)
    tracker.update([0, 0, 0], [0, 0, 0])
    assert tracker.calls.tolist() == [ChipCall.CONTINUE] * 3
    tracker.update([1_000, 40, 1_000], [1_000, 0, 990])
    assert tracker.calls.tolist() == [ChipCall.GOOD, ChipCall.BAD, ChipCall.CONTINUE]
    assert not tracker.done
    tracker.update([1_100, 9_000, 6_850], [0, 9_000, 6_830])
    assert tracker.calls.tolist() == [ChipCall.GOOD, ChipCall.BAD, ChipCall.GOOD]
    assert tracker.decided_at.tolist() == [1_000, 40, 6_850]
    assert tracker.bad.tolist() == [1]
    assert tracker.done


def test_late_hits_beyond_the_trials_do_no_harm(sequential: SequentialTest) -> None:
    assert sequential.judge([100], [103])[0] == ChipCall.CONTINUE
    late = 1_500, 1_503
    assert sequential.judge([late[0]], [late[1]]) == sequential.judge([late[0]], [late[0]])


def test_when_no_more_answers_come_an_open_chip_is_settled(sequential: SequentialTest) -> None:
    counts = [6_500, 6_500, 3_000, 1_000], [6_500 - 55, 6_500 - 66, 2_970, 1_000]
    assert sequential.judge(*counts).tolist() == [0, 0, 0, ChipCall.GOOD]
    tracker = ChipTracker(sequential, 4)
    tracker.settle(*counts)
    assert tracker.calls.tolist() == [ChipCall.GOOD, ChipCall.BAD, ChipCall.CONTINUE, ChipCall.GOOD]
