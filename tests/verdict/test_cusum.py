from __future__ import annotations

import math

import numpy as np
import pytest

from rig.recipe import Decision
from rig.verdict import FalseAlarms, Watch

CHIPS = 65


def test_the_threshold_follows_from_the_stated_length() -> None:
    watch = Watch(Decision(), CHIPS)
    assert watch.threshold == pytest.approx(math.log(65 * 279.4 * 3600 / 1e-4))


@pytest.mark.parametrize("look", [5, 50])
def test_false_alarms_stay_below_the_stated_risk(look: int) -> None:
    """A looser statement (one board in ten, four minutes) at the worst good rate, drawn 400 times."""
    allowed = FalseAlarms(board_risk=0.1, seconds=240, answers_per_second=25)
    random = np.random.default_rng(8)
    boards, chips = 400, 5
    watch = Watch(Decision(), boards * chips)
    watch.threshold = allowed.threshold(chips)
    trials, hits = 0, np.zeros(boards * chips, dtype=np.int64)
    while trials < 240 * 25:
        trials += look
        hits += random.binomial(look, 0.995, size=boards * chips)
        watch.update(np.full(boards * chips, trials), hits, True)
    alarms = watch.alarmed.reshape(boards, chips).any(axis=1).mean()
    assert alarms <= 0.1
    assert watch._sum.max() > 0.3 * watch.threshold, "the sums must have moved for this to say anything"


@pytest.mark.parametrize(("rate", "most_seconds"), [(0.0, 0.3), (0.8, 1.0), (0.985, 30.0)])
def test_a_chip_that_turns_bad_is_noticed(rate: float, most_seconds: float) -> None:
    random = np.random.default_rng(4)
    delays = []
    for _ in range(20):
        watch = Watch(Decision(), CHIPS)
        trials = np.zeros(CHIPS, dtype=np.int64)
        hits = trials.copy()
        for _ in range(200):                               # ten good seconds
            trials += 14
            hits += random.binomial(14, 0.9992, size=CHIPS)
            assert not watch.update(trials, hits, True).any()
        delay = 0
        while not watch.alarmed[17]:
            delay += 14
            trials += 14
            came = random.binomial(14, 0.9992, size=CHIPS)
            came[17] = random.binomial(14, rate)
            hits += came
            watch.update(trials, hits, True)
        assert np.flatnonzero(watch.alarmed).tolist() == [17]
        delays.append(delay / 279.4)
    assert np.mean(delays) <= most_seconds


def test_a_chip_counts_from_when_it_is_watched() -> None:
    watch = Watch(Decision(), 2)
    assert not watch.update([1_000, 1_000], [0, 0], [False, False]).any()
    assert not watch.update([1_014, 1_014], [14, 14], [True, True]).any()
    assert watch.update([1_114, 1_114], [14, 114], [True, True]).tolist() == [True, False]
    assert watch.update([9_000, 9_000], [7_900, 8_000], [False, True]).tolist() == [True, False]


def test_a_late_hit_takes_its_miss_back() -> None:
    watch = Watch(Decision(), 1)
    watch.update([20], [0], [True])
    watch.update([20], [20], [True])
    assert watch._sum[0] == 0.0
