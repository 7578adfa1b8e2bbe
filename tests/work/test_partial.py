from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from rig.errors import FileError
from rig.work.mine import Order, mine_unit
from rig.work.partial import PartialPack

ORDER = Order(
    name="tiny", chip="bm1370", chips=2, address_interval=1, sweep_length=100, window_counts=3_000,
    required_zero_bits=4, jobs=2, answers_per_chip=9, per_sub_core=0, seed=3,
)


@pytest.fixture
def half_made(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.kap.partial"
    with PartialPack(path, ORDER) as partial:
        for unit in ORDER.units[:3]:
            partial.add(unit, mine_unit(ORDER, *unit))
    return path


def test_finished_units_are_taken_up(half_made: Path) -> None:
    with PartialPack(half_made, ORDER) as partial:
        assert list(partial.found) == ORDER.units[:3]
        again = mine_unit(ORDER, *ORDER.units[2])
        np.testing.assert_array_equal(partial.found[ORDER.units[2]].word, again.word)
        np.testing.assert_array_equal(partial.found[ORDER.units[2]].version_bits, again.version_bits)
        np.testing.assert_array_equal(partial.found[ORDER.units[2]].zero_bits, again.zero_bits)


@pytest.mark.parametrize("lost", [1, 30, 75])
def test_a_torn_write_costs_only_its_unit(half_made: Path, lost: int) -> None:
    data = half_made.read_bytes()
    half_made.write_bytes(data[:-lost])
    whole = 3 - (lost + 70) // 71                # a record is 4 + 9 x 7 + 4 bytes
    with PartialPack(half_made, ORDER) as partial:
        assert list(partial.found) == ORDER.units[:whole]
        for unit in ORDER.units[whole:3]:
            partial.add(unit, mine_unit(ORDER, *unit))
    assert half_made.read_bytes() == data


def test_a_damaged_record_ends_what_is_taken_up(half_made: Path) -> None:
    data = bytearray(half_made.read_bytes())
    data[-100] ^= 1                              # inside the second record of three
    half_made.write_bytes(data)
    with PartialPack(half_made, ORDER) as partial:
        assert list(partial.found) == ORDER.units[:1]


def test_another_orders_work_is_not_mixed_in(half_made: Path) -> None:
    with pytest.raises(FileError, match="another order's work"):
        PartialPack(half_made, dataclasses.replace(ORDER, seed=4))
