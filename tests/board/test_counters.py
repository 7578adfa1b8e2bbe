"""The chips' own counters, read beside the work."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rig.bm13xx.models import ChipModel
from rig.bm13xx.registers import Register
from rig.board import HashCounters, WorkStream
from rig.clock import VirtualClock
from rig.recipe import Product, Recipe
from rig.work.pack import Pack


class Stream:
    """Counters as told; time passes with every look."""

    def __init__(self, *looks: tuple[int, int]) -> None:
        self.clock = VirtualClock()
        self.looks = list(looks)
        self.silent: set[int] = set()

    def ask(self, register: Register, *, seconds: float) -> dict[int, int]:
        total, errors = self.looks[0]
        value = total if register == Register.HASH_COUNTER_TOTAL else errors
        if register == Register.NONCE_ERROR_COUNTER:
            self.looks.pop(0)
            self.clock.sleep(10.0)
        return {2 * chip: value for chip in range(65) if chip not in self.silent}


def look(product: Product, stream: Any, times: int) -> HashCounters:
    counters = HashCounters(product, stream.clock)
    for _ in range(times):
        counters.look(stream)
    return counters


def test_rates_are_between_the_first_look_and_the_last(product: Product) -> None:
    found = look(product, Stream((100, 3), (2_894, 4), (5_688, 9)), 3)
    assert found.terahash_per_second == pytest.approx(np.full(65, 279.4 * 2**32 / 1e12))
    assert (found.errors == 6).all()


def test_a_counter_wraps(product: Product) -> None:
    found = look(product, Stream((2**32 - 1_000, 0), (1_794, 0)), 2)
    assert found.terahash_per_second == pytest.approx(np.full(65, 279.4 * 2**32 / 1e12))


@pytest.mark.parametrize("times", [0, 1])
def test_one_look_says_nothing(product: Product, times: int) -> None:
    found = look(product, Stream((1, 1), (2, 2)), times)
    assert np.isnan(found.terahash_per_second).all()
    assert np.isnan(found.errors).all()


def test_who_did_not_answer_once_has_no_rate(product: Product) -> None:
    stream = Stream((0, 0), (10, 1))
    stream.silent = {7}
    found = look(product, stream, 2)
    assert np.flatnonzero(np.isnan(found.terahash_per_second)).tolist() == [7]


def test_of_the_simulated_chain_by_its_clock(
    configured: Any, product: Product, recipe: Recipe, model: ChipModel, pack: Pack
) -> None:
    slot = configured()
    stream = WorkStream(slot, product, recipe, pack, model)
    stream.open()
    counters = HashCounters(product, slot.clock)
    for _ in range(3):
        counters.look(stream)
        until = slot.clock.now() + 5.0
        while slot.clock.now() < until:
            stream.step()
    expected = product.idle_mhz * 1e6 * model.positions / 1e12
    assert counters.terahash_per_second == pytest.approx(np.full(65, expected), rel=0.02)
    assert stream.wire.skipped_bytes == 0
