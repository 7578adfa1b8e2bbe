"""Known answers judged as they come: ticks made of counts, no board."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rig.board import BurnInTick, WireCount
from rig.datafile import load
from rig.pytestplugin.answers import SURE_TICKS, AnswerJudge, answer_figures
from rig.recipe import Limits, Product, Recipe
from rig.verdict import ChipCall
from rig.work.ledger import Tally

PLAN = Path(__file__).resolve().parents[2] / "testplans" / "s21pro"
RECIPE = load(PLAN / "recipe.yaml", Recipe)
PRODUCT = load(PLAN / "product.yaml", Product)
CHIPS, CORES = PRODUCT.chips, 128

Counts = NDArray[np.int64]


def counts(each: int) -> Counts:
    """The same number of answers for each core of each chip."""
    return np.full((CHIPS, CORES), each, dtype=np.int64)


def tally_of(trials: Counts, hits: Counts, **more: Counts) -> Tally:
    none = np.zeros(CHIPS, dtype=np.int64)
    counted = dict.fromkeys(("wrong", "stale", "duplicate", "outside"), none) | more
    passed, returned = more.pop("passed", trials.sum(axis=1)), more.pop("returned", hits.sum(axis=1))
    return Tally(
        trials=trials.sum(axis=1), hits=hits.sum(axis=1), core_trials=trials.astype(np.int32),
        core_hits=hits.astype(np.int32), unknown=0, corrupt=0, answers=int(hits.sum()),
        **(counted | {"passed": passed, "returned": returned}),
    )


def tick(seconds: float, trials: Counts, hits: Counts | None = None, **more: Counts) -> BurnInTick:
    tally = tally_of(trials, trials if hits is None else hits, **more)
    return BurnInTick(seconds, tally, WireCount(), (48.0, 53.0, 56.0, 59.0), 59.0, 0.57)


def spread_misses(trials: Counts, chip: int, every: int) -> Counts:
    """Every so-manieth answer of a chip lost, over all its cores."""
    hits = trials.copy()
    hits[chip, ::every] -= 1
    return hits


@pytest.fixture
def judge() -> AnswerJudge:
    return AnswerJudge(PRODUCT, RECIPE)


def test_a_good_board_is_decided_early_and_serves_its_soak(judge: AnswerJudge) -> None:
    assert not judge.done(tick(1, counts(1)))
    assert judge.decided_seconds is None

    assert not judge.done(tick(9, counts(20)))

    assert judge.decided_seconds == 9
    assert (judge.calls == ChipCall.GOOD).all()
    assert not judge.done(tick(29.9, counts(40)))
    assert judge.done(tick(30, counts(40)))
    assert judge.decided_seconds == 9


def test_a_board_that_is_not_decided_is_watched_beyond_its_soak(judge: AnswerJudge) -> None:
    few = counts(40)
    few[7] = 4
    assert not judge.done(tick(RECIPE.soak_seconds + 1, few))
    assert judge.decided_seconds is None
    assert judge.done(tick(RECIPE.decision.most_seconds, few))
    assert judge.calls[7] == ChipCall.CONTINUE


def test_cores_must_be_known_before_a_good_board_ends(judge: AnswerJudge) -> None:
    uneven = counts(20)
    uneven[3, 127] = 3
    assert not judge.done(tick(31, uneven))
    assert judge.decided_seconds == 31
    uneven[3, 127] = 4
    assert judge.done(tick(32, uneven))


def test_a_weak_chip_stops_the_burn_in_once_its_cores_are_known(judge: AnswerJudge) -> None:
    early = counts(3)
    assert not judge.done(tick(1, early, spread_misses(early, 17, 4)))
    assert judge.calls[17] == ChipCall.BAD

    known = counts(4)
    hits = spread_misses(known, 17, 4)
    assert stops(judge, tick(2, known, hits))

    figures = answer_figures(judge, PRODUCT, 587.5, 2040)
    assert np.flatnonzero(figures.weak).tolist() == [17]
    assert not figures.dead.any()
    assert figures.decided_seconds is None


def stops(judge: AnswerJudge, last: Any) -> bool:
    """Whether the judge stops on a bad chip: it waits a few ticks more, to see whether its chain broke."""
    assert not judge.done(last)
    return any(judge.done(last) for _ in range(SURE_TICKS - 1))


def test_dead_cores_are_not_a_weak_chip(judge: AnswerJudge) -> None:
    trials = counts(20)
    hits = trials.copy()
    hits[5, [10, 11, 90]] = 0

    assert stops(judge, tick(9, trials, hits))

    assert judge.calls[5] == ChipCall.BAD
    figures = answer_figures(judge, PRODUCT, 587.5, 2040)
    assert np.argwhere(figures.dead).tolist() == [[5, 10], [5, 11], [5, 90]]
    assert not figures.weak.any()
    assert dict(figures.measurements())["dead_cores"][5] == 3.0


def test_a_chip_with_dead_cores_may_be_weak_as_well(judge: AnswerJudge) -> None:
    trials = counts(20)
    hits = spread_misses(trials, 5, 2)
    hits[5, [10, 11, 90]] = 0
    judge.done(tick(9, trials, hits))
    figures = answer_figures(judge, PRODUCT, 587.5, 2040)
    assert figures.dead[5].sum() == 3
    assert np.flatnonzero(figures.weak).tolist() == [5]


def test_a_silent_chip_is_bad_and_has_no_dead_cores(judge: AnswerJudge) -> None:
    trials = counts(4)
    hits = trials.copy()
    hits[64] = 0
    assert stops(judge, tick(2, trials, hits))
    figures = answer_figures(judge, PRODUCT, 587.5, 2040)
    assert np.flatnonzero(figures.weak).tolist() == [64]
    assert not figures.dead.any()


def test_a_chip_that_turns_bad_after_it_was_accepted_raises_the_alarm(judge: AnswerJudge) -> None:
    trials = counts(20)
    assert not judge.done(tick(9, trials))
    through = trials.sum(axis=1)
    passed, returned = through + 100, through + 100
    returned[2] = through[2]

    assert stops(judge, tick(10, trials, passed=passed, returned=returned))

    assert np.flatnonzero(judge.alarmed).tolist() == [2]
    assert judge.calls[2] == ChipCall.GOOD
    figures = answer_figures(judge, PRODUCT, 587.5, 2040)
    assert np.flatnonzero(figures.weak).tolist() == [2]


def test_a_few_late_misses_raise_no_alarm(judge: AnswerJudge) -> None:
    trials = counts(20)
    judge.done(tick(9, trials))
    passed = trials.sum(axis=1) + 100
    judge.done(tick(10, trials, passed=passed, returned=passed - 3))
    assert not judge.alarmed.any()


def test_figures_of_a_whole_board(judge: AnswerJudge) -> None:
    trials = counts(20)
    hits = spread_misses(trials, 0, 16)
    wrong = np.zeros(CHIPS, dtype=np.int64)
    wrong[1] = 256
    judge.done(tick(10, trials, hits, wrong=wrong))

    figures = answer_figures(judge, PRODUCT, 500.0, 2040)
    named = dict(figures.measurements())

    lost = 8
    total = CHIPS * CORES * 20
    assert figures.board_rate == pytest.approx(1 - lost / total)
    assert figures.terahash_per_second == pytest.approx(500e6 * 2040 * 65 / 1e12 * figures.board_rate)
    assert named["board_hit_rate"] == (figures.board_rate,)
    assert named["answers_per_second"] == pytest.approx(((total - lost) / 10,))
    assert named["chip_hit_rate"][:2] == pytest.approx((1 - lost / 2560, 1.0))
    assert named["hardware_error_rate"][:2] == (0.0, 0.1)
    assert named["weak_chips"] == (0.0,)
    assert {len(values) for values in named.values()} == {1, CHIPS}


@pytest.mark.parametrize(
    ("missed", "wrong", "blamed"),
    [(52, 52, [9]), (52, 26, [9]), (60, 29, []), (25, 25, []), (0, 26, [9])],
    ids=["all wrong", "half wrong", "mostly silent", "1 percent", "wrong beside right"],
)
def test_wrong_answers_are_a_chips_own_when_they_are_its_misses(
    judge: AnswerJudge, missed: int, wrong: int, blamed: list[int]
) -> None:
    trials = counts(20)
    bad = np.zeros(CHIPS, dtype=np.int64)
    bad[9] = wrong
    returned = trials.sum(axis=1)
    returned[9] -= missed
    judge.done(tick(10, trials, wrong=bad, returned=returned))
    figures = answer_figures(judge, PRODUCT, 587.5, 2040)
    assert np.flatnonzero(figures.error_chips).tolist() == blamed


def test_every_figure_is_declared_with_its_dimension(judge: AnswerJudge) -> None:
    declared = load(PLAN / "limits.yaml", Limits).measurements
    judge.done(tick(10, counts(20)))
    for name, values in answer_figures(judge, PRODUCT, 587.5, 2040).measurements():
        assert len(values) == {"board": 1, "chip": CHIPS}[declared[name].over.value], name


def test_a_board_without_trials_has_no_rate(judge: AnswerJudge) -> None:
    assert not judge.done(tick(0, counts(0)))
    figures = answer_figures(judge, PRODUCT, 587.5, 2040)
    named = dict(figures.measurements())
    assert np.isnan(figures.board_rate)
    assert np.isnan(figures.terahash_per_second)
    assert np.isnan(named["answers_per_second"][0])
    assert np.isnan(named["chip_hit_rate"]).all()


def test_figures_need_a_burn_in(judge: AnswerJudge) -> None:
    with pytest.raises(RuntimeError, match="found no tick"):
        answer_figures(judge, PRODUCT, 587.5, 2040)


def test_a_longer_soak_is_served() -> None:
    longer = AnswerJudge(PRODUCT, RECIPE.model_copy(update={"soak_seconds": 45.0}))
    assert not longer.done(tick(44, counts(40)))
    assert longer.done(tick(45, counts(40)))


def test_figures_are_copies(judge: AnswerJudge) -> None:
    judge.done(tick(9, counts(20)))
    figures = answer_figures(judge, PRODUCT, 587.5, 2040)
    judge.calls[:] = ChipCall.BAD
    assert (figures.calls == ChipCall.GOOD).all()


def test_a_moment_in_which_all_chips_lost_answers_is_kept_apart(judge: AnswerJudge) -> None:
    judge.done(tick(9, counts(20)))
    judge.done(tick(9.4, counts(21), counts(20)))
    judge.done(tick(20, counts(60), counts(59)))

    gaps = judge.gaps

    assert judge.alarmed.all()
    assert gaps.seen == 1
    assert gaps.rate_outside == 1.0
