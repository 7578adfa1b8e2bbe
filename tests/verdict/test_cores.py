from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from rig.errors import RecipeError
from rig.recipe import Decision
from rig.recipe.recipe import CoreDecision
from rig.verdict import SequentialTest, cores_decided, dead_cores
from rig.verdict.cores import CHIP_RISK, MIN_TRIALS, outside, weak_cores
from rig.verdict.crossing import cross

CHIPS, CORES = 65, 128


def draw(answers: int, chips: int = CHIPS, seed: int = 1) -> NDArray[np.int64]:
    """Known answers per core of an S21 Pro: cores 15 and 127 have twelve sub-cores, not sixteen."""
    share = np.full(CORES, 16.0)
    share[[15, 127]] = 12.0
    return np.random.default_rng(seed).multinomial(answers, share / share.sum(), size=chips)


def test_a_good_board_has_no_dead_core_by_exact_risk() -> None:
    assert (1 - 0.995) ** MIN_TRIALS * CHIPS * CORES < 1e-5
    assert CHIP_RISK * CHIPS < 1e-4


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.8, 0.95, 0.985, 0.995])
def test_spread_misses_are_never_taken_for_dead_cores(rate: float) -> None:
    random = np.random.default_rng(7)
    for answers in (600, 2_200, 8_000):
        trials = draw(answers, chips=1_000)
        assert not dead_cores(trials, random.binomial(trials, rate)).any()


@pytest.mark.parametrize("rate", [0.8, 0.9992])
@pytest.mark.parametrize("cores", [[5], [3, 15, 127], [0, 40, 80], list(range(0, 128, 2)), list(range(120))])
def test_dead_cores_are_found_exactly(cores: list[int], rate: float) -> None:
    trials = draw(6_000)
    hits = np.random.default_rng(3).binomial(trials, rate)
    hits[17, cores] = 0
    dead = dead_cores(trials, hits)
    assert np.flatnonzero(dead[17]).tolist() == cores
    assert not np.delete(dead, 17, axis=0).any()
    assert outside(trials, dead)[17] == np.delete(trials[17], cores).sum()
    assert outside(trials, dead)[16] == trials[16].sum()


def test_the_call_comes_after_about_2200_answers() -> None:
    assert cores_decided(draw(1_200, 1_000)).mean() < 0.4
    assert cores_decided(draw(2_200, 1_000)).mean() > 0.98
    assert cores_decided(draw(3_000, 1_000)).all()


def test_three_dead_cores_are_found_once_decided() -> None:
    trials = draw(2_200, 1_000)
    hits = trials.copy()
    hits[:, [1, 60, 127]] = 0
    found = dead_cores(trials, hits).sum(axis=1)
    assert (found[cores_decided(trials)] == 3).all()


def test_a_chip_that_says_nothing_has_no_dead_cores() -> None:
    trials = draw(3_000, 2)
    assert not dead_cores(trials, np.zeros_like(trials)).any()


def test_before_anything_was_asked_nothing_is_dead() -> None:
    nothing = np.zeros((CHIPS, CORES), dtype=np.int32)
    assert not dead_cores(nothing, nothing).any()
    assert not cores_decided(nothing).any()


# ---- the sequential test of each core

DECISION = Decision()


def test_the_risks_of_all_cores_together_are_the_boards() -> None:
    lines = SequentialTest.for_cores(DECISION, CHIPS * CORES).lines
    good, bad = cross(lines, 0.97), cross(lines, 0.3)
    assert 0.5e-4 <= 1 - (1 - good.rejected) ** (CHIPS * CORES) <= 1e-4
    assert 0.5e-4 <= bad.accepted <= 1e-4
    assert bad.mean_answers() < 12, "a quarter of what a core is asked in a run"


@pytest.mark.parametrize("seed", range(3))
def test_no_core_of_a_good_board_is_weak(seed: int) -> None:
    trials = draw(7_000, seed=seed)
    assert not weak_cores(DECISION, trials, np.random.default_rng(seed).binomial(trials, 0.995)).any()


def test_cores_that_lost_most_of_themselves_are_weak_and_dead_ones_too() -> None:
    trials, random = draw(7_000), np.random.default_rng(4)
    hits = random.binomial(trials, 0.9992)
    hits[17, [3, 40, 90]] = random.binomial(trials[17, [3, 40, 90]], 0.2)
    hits[17, 5] = 0
    assert np.argwhere(weak_cores(DECISION, trials, hits)).tolist() == [[17, 3], [17, 5], [17, 40], [17, 90]]
    assert np.argwhere(dead_cores(trials, hits)).tolist() == [[17, 5]]


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.5, 0.8, 0.9])
def test_the_cores_of_a_weak_chip_do_not_stand_out(rate: float) -> None:
    trials, random = draw(7_000), np.random.default_rng(4)
    hits = random.binomial(trials, 0.9992)
    hits[17] = random.binomial(trials[17], rate)
    assert not weak_cores(DECISION, trials, hits).any()


def test_too_few_answers_for_a_core_are_refused() -> None:
    close = Decision(core=CoreDecision(bad_hit_rate=0.9))
    with pytest.raises(RecipeError, match=r"core\.most_answers: found 30"):
        SequentialTest.for_cores(close, CHIPS * CORES)
