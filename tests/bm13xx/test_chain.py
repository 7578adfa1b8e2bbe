from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.bm13xx.chain import ChainLayout
from rig.errors import UsageError

S21_PRO = ChainLayout(65, 2)
LAYOUTS = st.integers(1, 255).map(lambda chips: ChainLayout(chips, 255 // chips))


def test_captured_offsets_and_addresses() -> None:
    assert [S21_PRO.nonce_offset(chip) for chip in (0, 1, 5, 64)] == [0, 0x3F1, 0x13B2, 0xFC10]
    assert S21_PRO.address(64) == 0x80


@pytest.mark.parametrize(("counter", "chip", "share"), [(0x135CDCF, 39, 0.33), (0x02A845A, 5, 0.40)])
def test_captured_nonces_lie_in_their_slice(counter: int, chip: int, share: float) -> None:
    assert S21_PRO.chip_of([counter])[0] == chip
    assert S21_PRO.position([counter])[0] / (2**25 / 65) == pytest.approx(share, abs=0.005)


@given(LAYOUTS, st.integers(0, 2**25 - 1))
def test_a_counter_belongs_to_the_last_slice_that_starts_before_it(layout: ChainLayout, counter: int) -> None:
    chip = int(layout.chip_of(np.array([counter], np.uint32))[0])
    assert layout.slice_start(chip) <= counter
    assert chip == layout.chips - 1 or counter < layout.slice_start(chip + 1)
    assert layout.position(np.array([counter], np.uint32))[0] == counter - layout.slice_start(chip)


@given(LAYOUTS)
def test_slices_begin_at_their_own_chip(layout: ChainLayout) -> None:
    starts = np.array([layout.slice_start(chip) for chip in range(layout.chips)])
    assert layout.chip_of(starts).tolist() == list(range(layout.chips))
    assert layout.chip_of(starts[1:] - 1).tolist() == list(range(layout.chips - 1))


def test_layouts_compare_by_what_they_are() -> None:
    assert ChainLayout(65, 2) == S21_PRO != ChainLayout(64, 2)


@pytest.mark.parametrize(("chips", "interval"), [(0, 2), (65, 0), (130, 2), (-1, 1)])
def test_impossible_chains_are_refused(chips: int, interval: int) -> None:
    with pytest.raises(UsageError, match=f"{chips} chips at"):
        ChainLayout(chips, interval)
