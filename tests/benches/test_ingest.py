"""The ingest bench for two seconds, with bounds that hold on a busy machine."""

from __future__ import annotations

import pytest

from benches.ingest import FULL_BOARD, SETTINGS, Setting, measure


@pytest.mark.parametrize("shape", ["one_process", "processes"])
def test_a_full_board_for_two_seconds(shape: str) -> None:
    figure = measure(Setting(1, shape, FULL_BOARD), 2.0)
    assert figure.frames_sent > 15_000
    assert figure.frames_lost == 0
    assert figure.core_share < 0.5
    assert set(figure.record()) == {"boards", "shape", "frames_per_second_each", "frames_lost", "core_share"}


def test_every_setting_of_the_table_is_there() -> None:
    assert {(one.boards, one.frames_per_second_each) for one in SETTINGS} == {
        (1, 18_000), (3, 18_000), (16, 18_000), (4, 28_409),
    }
    assert {one.shape for one in SETTINGS} == {"one_process", "processes"}
    assert len(SETTINGS) == 8
