"""Each chip its own clock, and all of them back to idle."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from rig.bm13xx.registers import Register
from rig.board import ramp_down, set_clocks
from rig.errors import RecipeError
from rig.recipe import Product


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
