"""Each chip its own clock, and all of them back to idle."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from rig.bm13xx import pll
from rig.bm13xx.models import ChipModel
from rig.bm13xx.registers import Register
from rig.board import WorkStream, ramp_down, set_clocks, walk_clocks
from rig.errors import RecipeError
from rig.recipe import Product, Recipe
from rig.work.pack import Pack


@pytest.fixture
def opened(slot: Any, product: Product, recipe: Recipe, pack: Pack, model: ChipModel) -> WorkStream:
    stream = WorkStream(slot, product, recipe, pack, model)
    stream.open()
    return stream


def test_every_chip_gets_its_own(configured: Any, product: Product) -> None:
    slot = configured()
    wanted = [100.0 + 6.25 * (chip % 7) for chip in range(65)]
    assert set_clocks(slot, product, wanted) == 65
    slot.clock.sleep(0.05)
    slot.bench.advance(slot.clock.now())
    assert slot.bench.board.chain.chips.mhz == pytest.approx(np.array(wanted))


def test_those_that_have_theirs_are_left_alone(slot: Any, product: Product) -> None:
    before = [100.0] * 65
    wanted = [*before]
    wanted[3], wanted[64] = 93.75, 106.25
    assert set_clocks(slot, product, wanted, before) == 2
    sent = slot.link.writes_of(Register.PLL0_PARAMETER)
    assert [one.command.address for one in sent] == [6, 128]


@pytest.mark.parametrize(
    ("mhz", "words"), [([100.0] * 64, "found 64, expected 65"), ([100.0] * 64 + [900.0], "found 900 MHz")]
)
def test_what_does_not_fit_is_refused_and_nothing_sent(
    slot: Any, product: Product, mhz: list[float], words: str
) -> None:
    with pytest.raises(RecipeError, match=words):
        set_clocks(slot, product, mhz)
    assert slot.link.sent == []


def test_down_in_steps_to_idle_and_no_further(slot: Any, product: Product) -> None:
    ticks = list(ramp_down(slot, product, 587.5))
    assert ticks[0].mhz == 537.5
    assert ticks[-1].mhz == product.idle_mhz
    assert all(one.mhz > other.mhz for one, other in pairwise(ticks))
    assert ticks[-1].seconds < 0.5
    assert list(ramp_down(slot, product, product.idle_mhz)) == []


def test_chips_walk_to_their_clocks_in_small_steps_while_the_board_works(
    slot: Any, product: Product, recipe: Recipe, opened: WorkStream
) -> None:
    slot.link.sent.clear()
    now, then = [100.0] * 65, [100.0] * 64 + [118.75]
    then[0] = 90.0

    ticks = list(walk_clocks(slot, product, recipe, opened, now, then))

    sent = [one.command for one in slot.link.writes_of(Register.PLL0_PARAMETER)]
    first, last = ([pll.mhz_of(one.value) for one in sent if one.address == chip] for chip in (0, 128))
    assert last == pytest.approx([106.25, 112.5, 118.75], abs=0.7)
    assert first == pytest.approx([93.75, 90.0], abs=0.7)
    assert {one.address for one in sent} == {0, 128}, "the others have theirs"
    assert ticks[-1].mhz == pytest.approx(sum(then) / 65)
    assert ticks[-1].seconds >= 3 * recipe.ramp.step_seconds


def test_who_is_there_walks_nowhere(slot: Any, product: Product, recipe: Recipe, opened: WorkStream) -> None:
    assert list(walk_clocks(slot, product, recipe, opened, [100.0] * 65, [100.0] * 65)) == []
