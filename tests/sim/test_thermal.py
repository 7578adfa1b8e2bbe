"""Heat and air against the figures of the board's model."""

from __future__ import annotations

import pytest

from rig.sim.thermal import Fans, Thermal, sensor_places


def seconds_to(celsius: float, share: float, time_scale: float = 1.0) -> float:
    board, seconds = Thermal(25.0, time_scale), 0.0
    while board.celsius < celsius and seconds < 1000:
        board.step(1043.0, share, 1.0, 0.1)
        seconds += 0.1
    return seconds


def test_thirty_percent_of_fan_warms_a_board_in_about_a_minute() -> None:
    assert 45 < seconds_to(56.0, 0.3) < 65


def test_fifty_seven_percent_holds_it() -> None:
    board = Thermal(25.0, 1000.0)
    board.step(1043.0, 0.57, 1.0, 60.0)
    assert board.celsius == pytest.approx(55.2, abs=1.0)


def test_time_scale_divides_the_time_and_nothing_else() -> None:
    assert seconds_to(56.0, 0.3, 10.0) == pytest.approx(seconds_to(56.0, 0.3) / 10, abs=0.2)


def test_steps_of_any_length_end_at_the_same_temperature() -> None:
    one, many = Thermal(25.0, 1.0), Thermal(25.0, 1.0)
    one.step(1000.0, 0.5, 1.0, 10.0)
    for _ in range(1000):
        many.step(1000.0, 0.5, 1.0, 0.01)
    assert one.celsius == pytest.approx(many.celsius, abs=1e-6)


def test_a_cold_board_shows_no_spread() -> None:
    board = Thermal(25.0, 1.0)
    assert board.spread == 0
    board.step(1043.0, 0.57, 1.0, 600.0)
    assert board.spread == 1


def test_places_of_four_and_of_two_sensors() -> None:
    assert sensor_places(4).tolist() == [-8, -3, 0, 3]
    assert sensor_places(2).tolist() == [-8, 3]


def test_fan_speeds_by_drive() -> None:
    fans = Fans(1)
    assert fans.rpm == pytest.approx(6650, rel=0.02)
    fans.drive[:] = 0.3
    fans.step(10.0)
    assert fans.rpm == pytest.approx(2220, rel=0.02)
    assert fans.air == pytest.approx(0.3, abs=0.001)


def test_a_stopped_fan_runs_down_in_a_second_and_a_half() -> None:
    fans = Fans(1)
    fans.stop({2})
    fans.step(0.5)
    assert 1000 < fans.rpm[2] < 4000
    fans.step(1.5)
    assert fans.rpm[2] < 150
    assert fans.rpm[1] > 6000
    assert fans.air == pytest.approx(0.75, abs=0.01)
