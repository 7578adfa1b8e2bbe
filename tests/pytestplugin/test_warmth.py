"""The heat path's figure: what it takes, what it forgets, and when it says nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from rig.pytestplugin.warmth import WarmthLog
from rig.recipe.recipe import Cooling

COOLING = Cooling(kelvin_per_kilowatt=20.0, exponent=1.0)
COLD = (25.0, 26.0, None, 25.5)


@dataclass(frozen=True)
class Tick:
    seconds: float
    hottest: float | None = 55.0
    fan_share: float = 0.5


def warmed(*ticks: Tick) -> WarmthLog:
    log = WarmthLog(COOLING)
    for tick in ticks:
        log.feel(tick)
    return log


def test_a_sound_board_has_one() -> None:
    # 20 K/kW at full fan is 40 K/kW at half: 40 K for a kilowatt
    log = warmed(Tick(1, hottest=65.0), Tick(2, hottest=65.0))

    assert log.cooling_ratio(1000.0, COLD) == pytest.approx(1.0)


def test_only_the_last_seconds_count() -> None:
    log = warmed(Tick(0, hottest=90.0), Tick(10.5, hottest=65.0), Tick(11, hottest=65.0))

    assert log.cooling_ratio(1000.0, COLD) == pytest.approx(1.0)
    assert log.hottest == 90.0
    assert log.present == 65.0


def test_a_new_phase_forgets_the_seconds_and_keeps_the_hottest() -> None:
    log = warmed(Tick(5, hottest=60.0))
    log.begin()

    assert math.isnan(log.present)
    assert math.isnan(log.cooling_ratio(1000.0, COLD))
    assert log.hottest == 60.0


@pytest.mark.parametrize("cold", [(), (None, None)])
def test_without_a_cold_reading_there_is_no_figure(cold: tuple[None, ...]) -> None:
    assert math.isnan(warmed(Tick(1)).cooling_ratio(1000.0, cold))


def test_ticks_without_temperature_are_passed_over() -> None:
    log = warmed(Tick(1, hottest=None))
    log.feel(object())

    assert log.hottest == -math.inf


@dataclass(frozen=True)
class Round(Tick):
    celsius: tuple[float | None, ...] = ()


def rounds(*celsius: tuple[float | None, ...]) -> WarmthLog:
    return warmed(*(Round(second, celsius=one) for second, one in enumerate(celsius)))


def test_a_sensor_that_does_not_move_with_the_others_shows() -> None:
    log = rounds((25.0, 25.0, 30.0, 25.0), (40.0, 42.0, 30.0, 45.0), (45.0, 50.0, 30.0, 56.0))
    assert log.follow_shares() == pytest.approx((20 / 31, 25 / 31, 0.0, 1.0))


def test_a_board_that_hardly_moved_tells_nothing() -> None:
    assert rounds((55.0, 56.0), (55.25, 56.0)).follow_shares() == (1.0, 1.0)


def test_a_sensor_that_never_answered_gives_no_number() -> None:
    found = rounds((25.0, None), (35.0, None)).follow_shares()
    assert found[0] == 1.0
    assert math.isnan(found[1])


def test_each_phase_is_followed_by_itself() -> None:
    log = rounds((25.0, 25.0), (56.0, 45.0))
    log.begin()
    assert log.follow_shares() == ()
    log.feel(Round(9, celsius=(56.0, 45.0)))
    log.feel(Round(10, celsius=(55.0, 45.0)))
    assert log.follow_shares() == (1.0, 0.0)


def test_thermal_resistance_is_told_at_one_fan_share() -> None:
    # 40 K for a kilowatt at half fan; with an exponent of 1 it is 20 / 0.57 at 57 %
    log = warmed(Tick(1, hottest=65.0))
    assert log.kelvin_per_kilowatt(1000.0, COLD) == pytest.approx(20.0 / 0.57)
    assert math.isnan(warmed(Tick(1, fan_share=0.0)).kelvin_per_kilowatt(1000.0, COLD))
