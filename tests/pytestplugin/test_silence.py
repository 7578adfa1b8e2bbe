"""Who stopped answering while the others went on."""

from __future__ import annotations

import numpy as np
import pytest

from rig.pytestplugin.silence import ENOUGH, LEAST_SECONDS, SilenceWatch, broken_before

CHIPS = 5


def looks(*looked: list[int], apart: float = 1.1 * LEAST_SECONDS) -> SilenceWatch:
    watch = SilenceWatch(CHIPS)
    for number, heard in enumerate(looked):
        watch.update(np.array(heard), (number + 1) * apart)
    return watch


def test_a_silent_tail_is_a_break_before_its_first_chip() -> None:
    assert looks([80] * 5, [160, 160, 160, 80, 80]).lost_from == 3


def test_a_silent_chip_among_others_is_none() -> None:
    assert looks([80] * 5, [160, 160, 80, 160, 160]).lost_from is None


def test_one_answer_is_not_silence() -> None:
    assert looks([80] * 5, [160, 160, 160, 81, 80]).lost_from == 4


def test_nobody_at_all_says_nothing() -> None:
    """Then it is the link that is to be looked at first, and that is not done here."""
    assert looks([80] * 5, [80] * 5).lost_from is None


@pytest.mark.parametrize("gained", [1, ENOUGH - 1])
def test_too_few_answers_are_kept_for_the_next_look(gained: int) -> None:
    watch = looks([80] * 5, [80 + gained] * 3 + [80] * 2)
    assert watch.lost_from is None
    watch.update(np.array([80 + 2 * ENOUGH] * 3 + [80] * 2), 10.0)
    assert watch.lost_from == 3


def test_a_moment_is_too_short() -> None:
    assert looks([80] * 5, [160, 160, 160, 80, 80], apart=LEAST_SECONDS / 2).lost_from is None


def test_who_comes_back_is_silent_no_more() -> None:
    assert looks([80] * 5, [160, 160, 160, 80, 80], [240, 240, 240, 160, 160]).lost_from is None


def test_begun_anew_what_came_so_far_says_nothing() -> None:
    watch = looks([80] * 5, [160, 160, 160, 80, 80])
    watch.restart(np.array([500] * 5), 1.0)
    assert watch.lost_from is None
    watch.update(np.array([580] * 5), 2.0)
    assert watch.lost_from is None


# ---- told from the last answers


def last_of(stream: list[int], chips: int = 65) -> np.ndarray:
    last = np.zeros(chips, dtype=np.int64)
    for number, chip in enumerate(stream, 1):
        last[chip] = number
    return last


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("end", [1, 13, 32, 60])
def test_a_break_is_told_from_the_answers_after_it(seed: int, end: int) -> None:
    dice = np.random.default_rng(seed)
    after = dice.integers(0, end, 400)              # 50 ms of a board whose front goes on
    stream = [*dice.integers(0, 65, 20_000), *after]
    assert broken_before(last_of(stream)) == int(after.max()) + 1 == end


@pytest.mark.parametrize("seed", range(200))
def test_a_board_that_worked_until_the_end_has_none(seed: int) -> None:
    stream = np.random.default_rng(seed).integers(0, 65, 20_000)
    assert broken_before(last_of([*stream])) is None


def test_a_board_that_never_answered_has_none() -> None:
    assert broken_before(np.zeros(65, dtype=np.int64)) is None
