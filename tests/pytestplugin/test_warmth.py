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
