from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from rig.recipe import Decision
from rig.verdict import FalseAlarms, Watch
from rig.verdict.cusum import alarm_level, mean_lengths

CHIPS = 65


def chain(hit_rate: float, weight: int, level: int) -> NDArray[np.float64]:
    """The walk's transitions among the sums below ``level``; what is missing in a row is the alarm."""
    steps = np.zeros((level, level))
    for at in range(level):
        steps[at, max(0, at - 1)] += hit_rate
        if at + weight < level:
            steps[at, at + weight] += 1 - hit_rate
    return steps


@pytest.mark.parametrize(("hit_rate", "weight", "level"), [
    (0.9, 9, 1), (0.9, 9, 60), (0.7, 2, 40), (0.5, 1, 25), (0.995, 109, 200), (0.995, 109, 700),
])
def test_the_mean_length_is_that_of_the_markov_chain(hit_rate: float, weight: int, level: int) -> None:
    exact = np.linalg.solve(np.eye(level) - chain(hit_rate, weight, level), np.ones(level))[0]
    lengths = mean_lengths(hit_rate, weight, 0.999 * exact)
    assert len(lengths) == level
    assert lengths[-1] == pytest.approx(exact, rel=1e-6)
    assert (np.diff(lengths) >= 0).all()


def test_a_run_of_drawn_chips_has_the_mean_length() -> None:
    random = np.random.default_rng(3)
    allowed = FalseAlarms(board_risk=0.5, seconds=30, answers_per_second=25)
    watch = Watch(Decision(), 500, allowed)
    watch.level = alarm_level(0.995, watch.weight, 1_500)
    exact = mean_lengths(0.995, watch.weight, 1_500)[-1]
    answers, lengths = 0, np.zeros(500)
    hits = np.zeros(500, dtype=np.int64)
    while not watch.alarmed.all():
        answers += 1
        hits += random.random(500) < 0.995
        before = watch.alarmed.copy()
        watch.update(np.full(500, answers), hits, True)
        lengths[watch.alarmed & ~before] = answers
    assert lengths.mean() == pytest.approx(exact, rel=4 / math.sqrt(500))


@pytest.mark.parametrize("answers", [50, 500, 3_000])
def test_an_alarm_within_n_answers_is_no_likelier_than_n_by_the_mean(answers: int) -> None:
    hit_rate, weight = 0.95, 19
    level = alarm_level(hit_rate, weight, 1e3)
    mean = mean_lengths(hit_rate, weight, 1e3)[-1]
    steps, chances = chain(hit_rate, weight, level), np.eye(1, level)
    for _ in range(answers):
        chances = chances @ steps
    alarmed = 1.0 - float(chances.sum())
    assert alarmed <= answers / mean
    assert answers > 2 * mean or alarmed >= 0.3 * answers / mean - 0.03


def test_the_level_follows_from_the_stated_length() -> None:
    watch, wanted = Watch(Decision(), CHIPS), 65 * 279.4 * 3600 / 1e-4
    assert FalseAlarms().mean_answers(CHIPS) == pytest.approx(wanted)
    lengths = mean_lengths(0.995, watch.weight, wanted)
    assert watch.weight == 109
    assert watch.level == len(lengths)
    assert lengths[-2] < wanted <= lengths[-1]
    assert 18 <= watch.level / watch.weight <= 20, "misses at once"


@pytest.mark.parametrize("look", [5, 50])
def test_false_alarms_stay_below_the_stated_risk(look: int) -> None:
    """A looser statement (one board in ten, four minutes) at the worst good rate, drawn 400 times."""
    allowed = FalseAlarms(board_risk=0.1, seconds=240, answers_per_second=25)
    random = np.random.default_rng(8)
    boards, chips = 400, 5
    watch = Watch(Decision(), boards * chips)
    watch.level = alarm_level(0.995, watch.weight, allowed.mean_answers(chips))
    trials, hits = 0, np.zeros(boards * chips, dtype=np.int64)
    while trials < 240 * 25:
        trials += look
        hits += random.binomial(look, 0.995, size=boards * chips)
        watch.update(np.full(boards * chips, trials), hits, True)
    alarms = watch.alarmed.reshape(boards, chips).any(axis=1).mean()
    assert alarms <= 0.1
    assert alarms > 0.01, "the risk is used"


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
