"""Which cold sensor stands apart, and when none can be said to."""

from __future__ import annotations

import math

import pytest

from rig.pytestplugin.start_gate import offsets, spread


def test_sensors_of_a_cold_board_stand_together() -> None:
    assert offsets((25.0, 26.5, 23.5, 25.0)) == [0.0, 1.5, -1.5, 0.0]


@pytest.mark.parametrize("stuck", [90.0, 0.0, 40.0])
def test_one_that_stands_apart_is_told_from_the_rest(stuck: float) -> None:
    found = offsets((25.0, stuck, 24.0, 26.0))
    assert found[1] == stuck - 25.0
    assert [found[place] for place in (0, 2, 3)] == [0.0, 0.0, 0.0]


def test_a_board_that_is_still_warm_has_no_sensor_apart() -> None:
    assert offsets((45.0, 50.0, 53.0, 56.0)) == [0.0, 0.0, 0.0, 0.0]


def test_two_sensors_cannot_tell_which_is_wrong() -> None:
    assert offsets((25.0, 60.0)) == [0.0, 0.0]


def test_a_silent_sensor_gives_no_number() -> None:
    found = offsets((25.0, math.nan, 24.0, 26.0))
    assert math.isnan(found[1])
    assert found[0] == 0.0


def test_a_lone_hot_sensor_is_no_board_that_must_cool() -> None:
    assert spread((34.2, 23.6, 25.2, 25.2)) == pytest.approx(1.6)
    assert spread((45.0, 50.0, 53.0, 58.0)) == 13.0
    assert spread((40.0, 37.0, 36.0, 29.0)) == 11.0, "a cool one beside warm ones is a board that cools"
    assert math.isnan(spread((math.nan, math.nan)))
