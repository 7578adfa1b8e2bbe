"""The fan controller against a model of the board, in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from rig.board.fan_control import FanController

TARGET, WARMING = 56.0, 0.30


def drive(plant: Any, seconds: float, interval: float = 0.25) -> list[tuple[float, float, float]]:
    """(time, hottest, share) of a run under control."""
    controller = FanController.warming(TARGET, WARMING)
    history = []
    for k in range(int(seconds / interval)):
        controller = controller.step(plant.read()[-1], k * interval)
        history.append((k * interval, plant.hottest, controller.share))
        plant.run(controller.share, interval)
    return history


def first_in_band(history: list[tuple[float, float, float]]) -> float:
    return next(at for at, hottest, _ in history if abs(hottest - TARGET) <= 2.0)


@pytest.mark.parametrize(("time_scale", "reached_by"), [(1.0, 60.0), (10.0, 7.0)])
@pytest.mark.parametrize("resistance", [0.9, 1.0, 1.1])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_reaches_the_band_and_holds_it(
    make_plant: Any, time_scale: float, reached_by: float, resistance: float, noise: float
) -> None:
    history = drive(make_plant(time_scale, resistance=resistance, noise=noise), 150.0)
    reached = first_in_band(history)
    assert reached <= reached_by
    assert max(hottest for _, hottest, _ in history) < 60.0
    after = [(at - reached, abs(hottest - TARGET)) for at, hottest, _ in history if at > reached]
    assert max(error for at, error in after if at > 25.0) < 1.8
    assert max(error for at, error in after if at > 60.0) < 0.6


@pytest.mark.parametrize("time_scale", [1.0, 2.0, 5.0, 10.0, 20.0])
@pytest.mark.parametrize("room", [15.0, 32.0])
@pytest.mark.parametrize("interval", [0.2, 0.6])
def test_other_rooms_paces_and_a_busy_driver(
    make_plant: Any, time_scale: float, room: float, interval: float
) -> None:
    history = drive(make_plant(time_scale, room=room), 200.0, interval)
    assert first_in_band(history) < 90.0
    assert max(hottest for _, hottest, _ in history) < 60.0
    assert abs(history[-1][1] - TARGET) < 0.5


def test_warms_at_the_least_share_far_below_the_target(make_plant: Any) -> None:
    history = drive(make_plant(), 30.0)
    assert {share for _, _, share in history} == {WARMING}


def test_a_change_of_heat_is_taken_up_without_leaving_the_band(make_plant: Any) -> None:
    plant = make_plant()
    controller = FanController.warming(TARGET, WARMING)
    worst = 0.0
    for k in range(800):
        plant.watts = 1_062.0 if k < 480 else 980.0
        controller = controller.step(plant.read()[-1], k * 0.25)
        plant.run(controller.share, 0.25)
        worst = max(worst, abs(plant.hottest - TARGET) if k > 400 else 0.0)
    assert worst < 2.0


def test_a_long_wait_below_the_target_does_not_wind_up() -> None:
    controller = FanController.warming(TARGET, WARMING)
    for k in range(2_000):
        controller = controller.step(30.0, k * 0.25)
    assert controller.trim == 0.0
    assert controller.share == WARMING


def test_without_a_reading_the_fans_go_to_full_and_come_back() -> None:
    controller = FanController.warming(TARGET, WARMING).step(40.0, 0.0).step(40.0, 0.25)
    blind = controller.step(None, 0.5)
    assert blind.share == 1.0
    seeing = blind.step(40.0, 0.75).step(40.0, 1.0)
    assert seeing.share == WARMING


def test_a_hot_board_gets_full_fans() -> None:
    controller = FanController.warming(TARGET, WARMING)
    for k in range(8):
        controller = controller.step(63.0, k * 0.25)
    assert controller.share == 1.0
