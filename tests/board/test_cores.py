"""A subset of one chip's cores at work."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rig.bm13xx.models import ChipModel
from rig.board import set_cores
from rig.errors import RecipeError
from rig.recipe import Product


def enabled(slot: Any, chip: int) -> list[int]:
    slot.clock.sleep(0.05)
    slot.bench.advance(slot.clock.now())
    cores: list[int] = np.flatnonzero(slot.bench.board.chain.chips.enabled_cores[chip]).tolist()
    return cores


def test_only_these_cores_of_this_chip(configured: Any, product: Product, model: ChipModel) -> None:
    slot = configured()
    assert set_cores(slot, product, model, 9, {0, 64, 127}) == 4
    assert enabled(slot, 9) == [0, 64, 127]
    assert enabled(slot, 8) == enabled(slot, 10) == list(range(128))


def test_all_of_them_are_one_write_and_none_too(configured: Any, product: Product, model: ChipModel) -> None:
    slot = configured()
    assert set_cores(slot, product, model, 64, ()) == 1
    assert enabled(slot, 64) == []
    assert set_cores(slot, product, model, 64, range(128)) == 1
    assert enabled(slot, 64) == list(range(128))


@pytest.mark.parametrize(("chip", "cores", "words"), [(65, [1], "chip 65"), (0, [3, 128], "core 128")])
def test_what_is_not_there_is_refused_and_nothing_sent(
    slot: Any, product: Product, model: ChipModel, chip: int, cores: list[int], words: str
) -> None:
    with pytest.raises(RecipeError, match=f"found {words}"):
        set_cores(slot, product, model, chip, cores)
    assert slot.link.sent == []
