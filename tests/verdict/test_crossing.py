"""The exact calculation, against all paths written out, against drawn chips, against a plain fixed number."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from rig.recipe import Decision
from rig.verdict import ChipCall, ChipTracker, SequentialTest
from rig.verdict.crossing import Crossing, Lines, cross, turning_looks

ANSWERS_PER_SECOND = 279.4
SMALL = Lines(slope=0.3, good_gap=1.2, bad_gap=1.7, most=12, last_gap=-0.1)
LOOSE = SequentialTest.for_board(Decision(board_risk=0.05, chip_risk=0.05, most_answers_per_chip=2_600), 1)


def by_hand(lines: Lines, hit_rate: float, looks: list[int]) -> tuple[float, float, float]:
    """P(GOOD), P(BAD), mean answers over every path of hits and misses."""
    good = bad = answers = 0.0
    for path in product((0, 1), repeat=looks[-1]):
        chance = math.prod(1 - hit_rate if miss else hit_rate for miss in path)
        for at in looks:
            misses = sum(path[:at])
            late, above = at >= lines.most, misses - lines.slope * at
            if above <= -lines.good_gap or (late and above <= lines.last_gap):
                good += chance
            elif above >= lines.bad_gap or late:
                bad += chance
            else:
                continue
            answers += chance * at
            break
        else:
            answers += chance * looks[-1]
    return good, bad, answers


@pytest.mark.parametrize("looks", [list(range(1, 13)), [3, 4, 9, 12], [5, 13], [14], [4, 8]])
@pytest.mark.parametrize("hit_rate", [0.5, 0.7, 0.95])
def test_every_path_is_counted(looks: list[int], hit_rate: float) -> None:
    found = cross(SMALL, hit_rate, looks)
    good, bad, answers = by_hand(SMALL, hit_rate, looks)
    assert (found.accepted, found.rejected) == pytest.approx((good, bad))
    assert found.mean_answers() == pytest.approx(answers)
    assert found.still_open == pytest.approx(1 - good - bad, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.005, 0.5), st.floats(0.5, 8), st.floats(0.5, 8), st.integers(20, 250),
    st.floats(0.4, 0.999),
)
def test_looks_at_the_turns_find_what_looks_at_every_answer_find(
    slope: float, good_gap: float, bad_gap: float, most: int, hit_rate: float
) -> None:
    lines = Lines(slope, good_gap, bad_gap, most, 0.25)
    turns = turning_looks(lines)
    assert len(turns) <= 2 * (slope * most + good_gap + bad_gap) + 3
    all_looks, few = cross(lines, hit_rate), cross(lines, hit_rate, [*turns.tolist(), most])
    assert few.accepted == pytest.approx(all_looks.accepted, rel=1e-9, abs=1e-15)
    assert few.rejected == pytest.approx(all_looks.rejected, rel=1e-9, abs=1e-15)


def test_looks_beyond_the_last_word_are_left_out() -> None:
    assert cross(SMALL, 0.7, [5, 10, 15, 20]).looks.tolist() == [5, 10, 15]
    assert cross(SMALL, 0.7).looks.tolist() == list(range(1, 13))


def test_the_lines_say_what_the_test_says(sequential: SequentialTest) -> None:
    lines = sequential.lines
    for answers in (1, 40, 1_000, 2_500, lines.most - 1, lines.most, lines.most + 60):
        misses = np.arange(min(answers, 200) + 1)
        calls = sequential.judge(np.full(len(misses), answers), answers - misses)
        assert (calls == ChipCall.GOOD).tolist() == (misses <= lines.most_good(answers)).tolist()
        assert (calls == ChipCall.BAD).tolist() == (misses >= lines.least_bad(answers)).tolist()


def drawn(test: SequentialTest, hit_rate: float, chips: int, look: int) -> tuple[float, float]:
    """Share called BAD and mean answers of seeded chips, looked at every ``look`` answers."""
    random = np.random.default_rng(11)
    tracker, misses, trials = ChipTracker(test, chips), np.zeros(chips, dtype=np.int64), 0
    while not tracker.done:
        trials += look
        misses += random.binomial(look, 1 - hit_rate, size=chips)
        tracker.update(np.full(chips, trials), trials - misses)
    return float(np.mean(tracker.calls == ChipCall.BAD)), float(tracker.decided_at.mean())


def off_by(found: float, exact: float, chips: int) -> float:
    """Standard deviations."""
    return abs(found - exact) / math.sqrt(exact * (1 - exact) / chips)


@pytest.mark.parametrize("hit_rate", [0.995, 0.990, 0.985])
def test_drawn_chips_agree(hit_rate: float) -> None:
    chips, look = 20_000, 20
    bad, answers = drawn(LOOSE, hit_rate, chips, look)
    exact = cross(LOOSE.lines, hit_rate, range(look, 2_700, look))
    assert off_by(bad, exact.rejected, chips) < 4
    assert answers == pytest.approx(exact.mean_answers(), rel=0.02)


def test_drawn_chips_would_show_a_line_that_is_one_miss_off() -> None:
    chips, look = 20_000, 20
    bad, _ = drawn(LOOSE, 0.995, chips, look)
    lines = LOOSE.lines
    for shifted in (lines.bad_gap - 1, lines.bad_gap + 1):
        wrong = Lines(lines.slope, lines.good_gap, shifted, lines.most, lines.last_gap)
        exact = cross(wrong, 0.995, range(look, 2_700, look))
        assert off_by(bad, exact.rejected, chips) > 6


# ---- against a fixed number of answers

def fixed_answers(good_risk: float, bad_risk: float) -> int:
    """The least fixed number at which some allowed number of misses holds both risks."""
    for answers in range(4_000, 8_000, 10):
        allowed = int(binom.isf(good_risk, answers, 0.005))
        if binom.cdf(allowed, answers, 0.015) <= bad_risk:
            return answers
    raise AssertionError("no such number")


def test_the_reference_figures_of_a_fixed_number() -> None:
    alone = fixed_answers(1e-4, 1e-4)
    board = fixed_answers(1 - (1 - 1e-4) ** (1 / 65), 1e-4)
    assert (alone, board) == (pytest.approx(5_120, abs=20), pytest.approx(6_360, abs=40))
    assert (alone / ANSWERS_PER_SECOND, board / ANSWERS_PER_SECOND) == pytest.approx((18.3, 22.8), abs=0.1)


def slowest_seconds(found: Crossing) -> float:
    return found.mean_answers(65) / ANSWERS_PER_SECOND


@pytest.mark.parametrize("sure", [0.0, 1e-4])
def test_a_good_board_is_decided_in_about_five_seconds_its_slowest_chip_included(sure: float) -> None:
    decision = Decision(most_answers_per_chip=7_000, trial_uncertainty=sure)
    lines = SequentialTest.for_board(decision, 65).lines
    found = cross(lines, 0.999, range(14, 7_100, 14))              # a look every 50 ms
    assert slowest_seconds(found) == pytest.approx(5.3 + 4_000 * sure, abs=0.1)
    assert slowest_seconds(found) <= 0.35 * 18.3
    assert found.accepted == pytest.approx(1.0)


def test_at_every_rate_fewer_answers_than_the_fixed_number(sequential: SequentialTest) -> None:
    looks = range(14, 7_100, 14)
    means = {rate: cross(sequential.lines, rate, looks).mean_answers() for rate in
             (0.5, 0.97, 0.985, 0.990, 0.995, 0.999)}
    assert max(means.values()) == means[0.990] < 0.95 * 6_360
    assert means[0.995] < 0.4 * 6_360
    assert means[0.985] < 0.45 * 6_360
    assert means[0.5] < 40
    assert means[0.999] < 0.2 * 6_360
