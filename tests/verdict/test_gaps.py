from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from rig.verdict.gaps import GapWatch

CHIPS = 65


def looks(watch: GapWatch, *lost: NDArray[np.int64], due: int = 56) -> None:
    """One look after the other, in which so many of ``due`` answers a chip were lost."""
    came = np.zeros(CHIPS, dtype=np.int64)
    for number, one in enumerate(lost, start=1):
        came = came + due - one
        watch.update(np.full(CHIPS, due * number, dtype=np.int64), came)


def every(chips: int, lost: int) -> NDArray[np.int64]:
    return np.where(np.arange(CHIPS) < chips, lost, 0).astype(np.int64)


def test_a_gap_is_kept_apart() -> None:
    watch = GapWatch(CHIPS)

    looks(watch, every(0, 0), every(65, 30), every(2, 1))

    gaps = watch.gaps
    assert gaps.seen == 1
    assert (gaps.trials == 112).all()
    assert gaps.hits.sum() == 112 * CHIPS - 2
    assert gaps.rate_outside == pytest.approx(1 - 2 / (112 * CHIPS))


@pytest.mark.parametrize(("chips", "lost", "seen"), [(32, 56, 0), (33, 56, 1), (65, 11, 0), (65, 12, 1)])
def test_it_takes_most_chips_and_a_fifth_of_their_answers(chips: int, lost: int, seen: int) -> None:
    watch = GapWatch(CHIPS)

    looks(watch, every(chips, lost))

    assert watch.gaps.seen == seen


def test_few_answers_say_nothing_until_there_are_more() -> None:
    watch = GapWatch(CHIPS)

    looks(watch, every(65, 4), due=4)
    assert watch.gaps.trials.sum() == 0
    watch.update(np.full(CHIPS, 8), np.zeros(CHIPS, dtype=np.int64))

    assert watch.gaps.seen == 1
    assert math.isnan(watch.gaps.rate_outside)


def test_a_slow_board_has_no_gaps() -> None:
    random, watch = np.random.default_rng(1), GapWatch(CHIPS)

    looks(watch, *(random.binomial(56, 0.015, size=CHIPS) for _ in range(300)))

    assert watch.gaps.seen == 0
