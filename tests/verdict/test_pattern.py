"""The incumbent's figures from counts of patterns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.recipe import FullPattern
from rig.verdict.pattern import PatternFigures, pattern_figures

CHIPS, CORES = 10, 128
CRITERIA = FullPattern(patterns=8, least_hits=6)
PRESENT = np.ones((CORES, 16), dtype=np.bool_)
PRESENT[15, 12:] = PRESENT[127, 12:] = False


def counts(each: int) -> np.ndarray:
    return np.where(PRESENT, np.int32(each), np.int32(0))[np.newaxis].repeat(CHIPS, axis=0).copy()


def figures(trials: np.ndarray, hits: np.ndarray) -> PatternFigures:
    return pattern_figures(trials, hits, PRESENT, CRITERIA, 5)


def test_a_perfect_board() -> None:
    found = figures(counts(8), counts(8))
    assert not found.bad_sub_cores.any()
    assert not found.short_sub_cores.any()
    assert found.chip_rate.tolist() == [1.0] * CHIPS
    assert found.board_rate == 1.0
    assert found.domain_balance.tolist() == [1.0, 1.0]
    assert counts(8).sum() == CHIPS * 2040 * 8


@pytest.mark.parametrize(("hits", "bad"), [(6, 0), (5, 1), (0, 1)])
def test_six_of_eight_are_enough(hits: int, bad: int) -> None:
    came = counts(8)
    came[3, 40, 7] = hits
    found = figures(counts(8), came)
    assert found.bad_sub_cores.tolist() == [0, 0, 0, bad, 0, 0, 0, 0, 0, 0]
    assert found.chip_rate[3] == pytest.approx(1 - (8 - hits) / 16_320)
    assert found.board_rate == pytest.approx(1 - (8 - hits) / (CHIPS * 16_320))


@given(trials=st.integers(0, 400), hits=st.integers(0, 400))
def test_more_patterns_ask_for_the_same_share(trials: int, hits: int) -> None:
    asked, came = counts(8), counts(8)
    asked[0, 0, 0], came[0, 0, 0] = trials, min(hits, trials)
    found = figures(asked, came)
    assert found.bad_sub_cores[0] == int(trials > 0 and min(hits, trials) / trials < 0.75)
    assert found.short_sub_cores[0] == int(trials < 8)


def test_a_weak_stack_shows_in_its_domain() -> None:
    came = counts(8)
    came[5:, 64:96] = 3                                 # the third stack of the second domain
    found = figures(counts(8), came)
    mean = (7 + 3 / 8) / 8
    assert found.domain_balance == pytest.approx([1 / mean, 3 / 8 / mean])


def test_one_dead_chip_leaves_its_domain_balanced_enough() -> None:
    came = counts(8)
    came[2] = 0
    assert figures(counts(8), came).domain_balance.min() > 0.5


def test_a_board_that_was_asked_nothing_has_no_rates() -> None:
    found = figures(counts(0), counts(0))
    assert np.isnan(found.chip_rate).all()
    assert np.isnan(found.board_rate)
    assert np.isnan(found.domain_balance).all()
    assert not found.bad_sub_cores.any()
    assert found.short_sub_cores.tolist() == [2040] * CHIPS
