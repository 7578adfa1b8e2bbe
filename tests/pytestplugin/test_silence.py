"""Who stopped answering while the others went on."""

from __future__ import annotations

import numpy as np
import pytest

from rig.pytestplugin.silence import ENOUGH, SilenceWatch


def looks(*looked: tuple[list[int], list[int]]) -> SilenceWatch:
    watch = SilenceWatch(3)
    for passed, returned in looked:
        watch.update(np.array(passed), np.array(returned))
    return watch


def test_a_chip_without_a_return_is_silent_at_once() -> None:
    watch = looks(([50, 50, 50], [50, 49, 50]), ([100, 100, 100], [100, 99, 50]))

    assert watch.silent.tolist() == [False, False, True]


def test_a_single_return_is_not_silence() -> None:
    watch = looks(([50, 50, 50], [50, 50, 50]), ([100, 100, 100], [100, 51, 50]))

    assert watch.silent.tolist() == [False, False, True]


@pytest.mark.parametrize("due", [0, ENOUGH - 1])
def test_too_few_answers_say_nothing_and_are_kept_for_the_next_look(due: int) -> None:
    watch = looks(([due] * 3, [due, due, 0]))
    assert not watch.silent.any()

    watch.update(np.array([2 * ENOUGH] * 3), np.array([2 * ENOUGH, 2 * ENOUGH, 0]))
    assert watch.silent.tolist() == [False, False, True]


def test_who_comes_back_is_silent_no_more() -> None:
    watch = looks(([50] * 3, [50, 0, 50]), ([100] * 3, [100, 40, 100]))

    assert not watch.silent.any()
