"""The clock ramp: its steps, its pace, and when it is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from rig.bm13xx.models import ChipModel
from rig.bm13xx.registers import Register
from rig.board.bring_up import BringUp, bring_up
from rig.board.ramp import RampTick, glide, ramp, steps_of
from rig.errors import RecipeError
from rig.recipe import Level, Product, Recipe

LEVEL = Level(level="L0", volts=13.6, mhz=600.0)


@pytest.fixture
def found(slot: Any, product: Product, recipe: Recipe, model: ChipModel) -> BringUp:
    result = bring_up(slot, product, recipe, model)
    slot.link.sent.clear()
    return result


def test_88_steps_of_the_capture(slot: Any, product: Product, recipe: Recipe, found: BringUp) -> None:
    ticks = list(ramp(slot, product, recipe, LEVEL, found))
    frames = slot.link.frames()
    assert len(frames) == len(ticks) == 88
    assert frames[0].hex() == "55aa510900 0840a202550f".replace(" ", "")
    assert frames[-1].hex() == "55aa510900 0850c0023005".replace(" ", "")
    assert [tick.mhz for tick in ticks] == [50 + 6.25 * k for k in range(1, 89)]
    assert ticks[0] == RampTick(pytest.approx(0.1), 56.25)
    assert ticks[-1].seconds == pytest.approx(8.8)
    assert len(slot.link.writes_of(Register.PLL0_PARAMETER)) == 88


def test_the_last_step_is_the_level_s_own_clock(product: Product, recipe: Recipe) -> None:
    level = LEVEL.model_copy(update={"mhz": 588.24})
    steps = steps_of(product, recipe, level)
    assert steps[-2:] == [587.5, 588.24]
    assert len(steps) == 87


def test_closing_it_stops_the_clock_where_it_is(
    slot: Any, product: Product, recipe: Recipe, found: BringUp
) -> None:
    ticks = ramp(slot, product, recipe, LEVEL, found)
    next(ticks)
    ticks.close()
    assert len(slot.link.sent) == 1


def test_refused_at_once_without_the_full_count(
    slot: Any, product: Product, recipe: Recipe, found: BringUp
) -> None:
    short = replace(found, complete=False)
    with pytest.raises(RecipeError, match=r"full count"):
        ramp(slot, product, recipe, LEVEL, short)
    assert slot.link.sent == []


@pytest.mark.parametrize("mhz", [25.0, 801.0])
def test_a_level_beyond_the_clock_is_the_recipe_s_fault(
    slot: Any, product: Product, recipe: Recipe, found: BringUp, mhz: float
) -> None:
    with pytest.raises(RecipeError, match=f"found {mhz:g} MHz"):
        ramp(slot, product, recipe, LEVEL.model_copy(update={"mhz": mhz}), found)
    assert slot.link.sent == []


@pytest.mark.parametrize(("now", "then", "steps"), [(587.5, 550.0, 6), (550.0, 587.5, 6), (550.0, 551.0, 1)])
def test_it_glides_from_clock_to_clock_in_steps_of_the_ramp(
    slot: Any, recipe: Recipe, now: float, then: float, steps: int
) -> None:
    ticks = list(glide(slot, recipe, now, then))
    assert len(ticks) == len(slot.link.writes_of(Register.PLL0_PARAMETER)) == steps
    clocks = [now, *(tick.mhz for tick in ticks)]
    assert clocks[-1] == then
    assert max(abs(one - other) for one, other in pairwise(clocks)) <= recipe.ramp.step_mhz
    assert ticks[-1].seconds == pytest.approx(steps * recipe.ramp.step_seconds)


def test_no_way_needs_no_step(slot: Any, recipe: Recipe) -> None:
    assert list(glide(slot, recipe, 550.0, 550.0)) == []
