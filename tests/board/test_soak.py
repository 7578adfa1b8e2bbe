"""Soak and hold: a warm board, one that will not warm, one that cannot be seen."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from rig.bm13xx.models import ChipModel
from rig.board.keeper import WarmthKeeper
from rig.board.soak import SoakTick, soak
from rig.board.work_stream import WorkStream
from rig.recipe import Product, Recipe
from rig.work.pack import Pack


@pytest.fixture
def keeper(slot: Any, product: Product, recipe: Recipe, pack: Pack, model: ChipModel) -> WarmthKeeper:
    slot.side.reset_low = False
    stream = WorkStream(slot, product, recipe, pack, model)
    stream.open()
    return WarmthKeeper(slot, product, recipe, stream)


@pytest.mark.parametrize(("time_scale", "warm_by"), [(1.0, 65.0), (10.0, 14.0)])
def test_a_board_gets_warm_and_the_last_tick_says_so(
    slot: Any, recipe: Recipe, keeper: WarmthKeeper, warm_board: Any, time_scale: float, warm_by: float
) -> None:
    board = warm_board(time_scale=time_scale)
    ticks = list(soak(slot, recipe, keeper))
    assert [tick.warm for tick in ticks] == [False] * (len(ticks) - 1) + [True]
    assert ticks[-1].seconds < warm_by
    assert max(tick.hottest for tick in ticks) < 60.0
    assert abs(board.plant.hottest - 56.0) <= 2.0
    assert ticks[-1].celsius.index(ticks[-1].hottest) == 3


def test_ticks_are_close_enough_for_a_driver_to_beat(
    slot: Any, recipe: Recipe, keeper: WarmthKeeper, warm_board: Any
) -> None:
    warm_board()
    times = [0.0, *(tick.seconds for tick in soak(slot, recipe, keeper))]
    assert max(later - one for one, later in pairwise(times)) <= 0.25


def test_it_works_while_it_warms(slot: Any, recipe: Recipe, keeper: WarmthKeeper, warm_board: Any) -> None:
    warm_board()
    slot.link.sent.clear()
    last = list(soak(slot, recipe, keeper))[-1]
    assert len(slot.link.sent) == int(last.seconds / recipe.job_seconds)


@pytest.mark.parametrize("time_scale", [1.0, 10.0])
def test_it_is_held_afterwards(
    slot: Any, recipe: Recipe, keeper: WarmthKeeper, warm_board: Any, time_scale: float
) -> None:
    board = warm_board(time_scale=time_scale)
    list(soak(slot, recipe, keeper))
    hottest = []
    for _ in range(400):
        keeper.hold()
        hottest.append(board.plant.hottest)
    assert max(abs(value - 56.0) for value in hottest) <= 2.0
    assert abs(hottest[-1] - 56.0) < 0.6


def test_three_seconds_in_the_band_are_asked_for(
    slot: Any, recipe: Recipe, keeper: WarmthKeeper, sensors: Any
) -> None:
    sensors.celsius = [48.0, 53.0, 54.0, 55.0]
    ticks = list(soak(slot, recipe, keeper))
    assert ticks[-1].warm
    assert 3.0 <= ticks[-1].seconds < 3.6


def test_leaving_the_band_starts_the_wait_anew(
    slot: Any, recipe: Recipe, keeper: WarmthKeeper, sensors: Any
) -> None:
    begun = slot.clock.now()

    def wobble() -> None:
        outside = 2.0 < slot.clock.now() - begun < 2.5
        sensors.celsius = [48.0, 50.0, 51.0, 59.0 if outside else 56.0]

    sensors.refresh = wobble
    ticks = list(soak(slot, recipe, keeper))
    assert ticks[-1].warm
    assert ticks[-1].seconds > 5.0


@pytest.mark.parametrize("hottest", [40.0, 53.9])
def test_outside_the_band_it_times_out_cold(
    slot: Any, recipe: Recipe, keeper: WarmthKeeper, sensors: Any, hottest: float
) -> None:
    sensors.celsius = [30.0, 30.0, 30.0, hottest]
    last = list(soak(slot, recipe, keeper))[-1]
    assert not last.warm
    assert last.seconds == pytest.approx(recipe.soak.timeout_seconds, abs=0.5)


def test_a_board_that_full_fans_cannot_bring_down_is_not_waited_for(
    slot: Any, recipe: Recipe, keeper: WarmthKeeper, sensors: Any
) -> None:
    sensors.celsius = [50.0, 55.0, 58.0, 61.0]
    ticks = list(soak(slot, recipe, keeper))

    assert not ticks[-1].warm
    assert ticks[-1].fan_share == 1.0
    assert 15.0 <= ticks[-1].seconds < 45.0


def test_an_absent_sensor_leaves_the_others_to_go_by(
    slot: Any, recipe: Recipe, keeper: WarmthKeeper, warm_board: Any
) -> None:
    board = warm_board(absent=(3,))
    last = list(soak(slot, recipe, keeper))[-1]
    assert last.warm
    assert last.celsius[3] is None
    assert last.hottest == last.celsius[2]
    assert abs(board.plant.celsius - 56.0) <= 2.1


def test_a_board_that_cannot_be_seen_is_cooled_and_not_soaked(
    slot: Any, recipe: Recipe, keeper: WarmthKeeper, sensors: Any
) -> None:
    sensors.celsius = [None] * 4
    ticks = list(soak(slot, recipe, keeper))
    assert ticks == [SoakTick(pytest.approx(0.18), (None,) * 4, None, 1.0, warm=False)]
    assert slot.side.fan_shares == [1.0]


def test_fans_are_told_only_what_is_new(
    slot: Any, recipe: Recipe, keeper: WarmthKeeper, sensors: Any
) -> None:
    sensors.celsius = [20.0] * 4
    for _ in range(20):
        keeper.round()
    assert slot.side.fan_shares == [recipe.soak.warming_fan_share]


def test_holding_reads_one_sensor_a_round_in_turn(keeper: WarmthKeeper, sensors: Any) -> None:
    sensors.celsius = [30.0, 31.0, 32.0, 33.0]
    assert keeper.hold().celsius == (30.0, 31.0, 32.0, 33.0)
    sensors.celsius = [40.0, 41.0, 42.0, 43.0]
    assert keeper.hold().celsius == (40.0, 31.0, 32.0, 33.0)
    assert [keeper.hold().hottest for _ in range(3)] == [41.0, 42.0, 43.0]
