"""The packs that stand beside the S21 Pro's plan and the S21's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rig.bm13xx.replies import encode_nonces
from rig.datafile import load
from rig.recipe import Product
from rig.work.mine import Order, mine_unit
from rig.work.pack import Pack, check_pack, load_pack
from rig.work.survey import coverage
from rig.work.verify import Outcome, verify_batch

FOLDER = Path(__file__).resolve().parents[2] / "testplans" / "s21pro"


@pytest.fixture(scope="module")
def shipped() -> Pack:
    product = load(FOLDER / "product.yaml", Product)
    path = FOLDER / product.simulated_silicon.pack
    pack = load_pack(path)
    check_pack(pack, product, path)
    return pack


def test_it_is_small_enough_to_ship() -> None:
    assert (FOLDER / "s21pro-sim.kap").stat().st_size <= 3_000_000


def test_every_answer_holds(shipped: Pack) -> None:
    for job in range(shipped.jobs):
        rows = shipped.answers_of(job)
        frames = encode_nonces(
            shipped.word[rows], job, shipped.sub_core[rows], shipped.version_bits[rows], 0
        )
        templates = np.zeros((16, 80), dtype=np.uint8)
        templates[job] = shipped.templates[job]
        result = verify_batch(frames, templates, 1 << job, shipped.required_zero_bits)
        assert set(result.outcome) == {Outcome.GENUINE}
        np.testing.assert_array_equal(result.zero_bits, shipped.zero_bits[rows])


def test_every_sub_core_is_reached_twice(shipped: Pack) -> None:
    seen = coverage(shipped)
    assert seen.per_chip_and_job.shape == (10, 65)
    assert set(seen.per_chip_and_job.ravel().tolist()) == {735}
    assert seen.per_sub_core.shape == (65, 2040)
    assert seen.per_sub_core.min() >= 2


@pytest.mark.usefixtures("native")
def test_its_command_makes_it_again(shipped: Pack) -> None:
    """One chip and job of the 650, searched afresh by the order the pack names."""
    order = Order(
        name="s21pro-sim", chip="bm1370", chips=65, address_interval=2, sweep_length=7861,
        window_counts=360_000, required_zero_bits=14, jobs=10, answers_per_chip=735, per_sub_core=2, seed=1,
    )
    assert shipped.origin == order.command
    found = mine_unit(order, 3, 17)
    rows = shipped.answers_of(3)
    chosen = shipped.chip_index[rows] == 17
    np.testing.assert_array_equal(shipped.word[rows][chosen], found.word)
    np.testing.assert_array_equal(shipped.version_bits[rows][chosen], found.version_bits)


def test_answers_come_at_an_even_pace(shipped: Pack) -> None:
    """In each eighth of a job every chip has an eighth of its answers, give or take one."""
    for job in (0, 9):
        rows = shipped.answers_of(job)
        place = shipped.chip_index[rows].astype(int) * 8 + shipped.batch[rows] // 512
        counts = np.bincount(place, minlength=65 * 8)
        assert np.abs(counts - 735 / 8).max() <= 1.5
    counters = shipped.layout.position(shipped.counter)
    assert abs(counters.mean() - 180_000) < 1_000


@pytest.mark.usefixtures("native")
def test_the_s21s_command_makes_its_pack_again() -> None:
    """One chip and job of the 864, searched afresh by the order the pack names."""
    pack = load_pack(FOLDER.parent / "s21" / "s21-sim.kap")
    order = Order(
        name="s21-sim", chip="bm1368", chips=108, address_interval=2, sweep_length=5540,
        window_counts=200_000, required_zero_bits=14, jobs=8, answers_per_chip=270, per_sub_core=1, seed=1,
    )
    rows = pack.answers_of(5)
    chosen = pack.chip_index[rows] == 77

    found = mine_unit(order, 5, 77)

    assert pack.origin == order.command
    np.testing.assert_array_equal(pack.word[rows][chosen], found.word)
    np.testing.assert_array_equal(pack.version_bits[rows][chosen], found.version_bits)
