"""What chips can give of a pack, each at its own clock."""

from __future__ import annotations

import numpy as np
import pytest

from rig.bm13xx.sweep import window_counts
from rig.work.ledger import Ledger
from rig.work.pack import Pack
from rig.work.rates import pack_rates
from rig.work.reach import within_reach

FAST, SLOW = 588.24, 300.0


def answers_within(pack: Pack, mhz: float) -> np.ndarray:
    return pack.layout.position(pack.counter) < window_counts(pack.sweep_length, mhz)


def test_each_chip_sweeps_as_far_as_its_own_clock_takes_it(small_pack: Pack) -> None:
    clocks = [SLOW if chip % 2 else FAST for chip in range(small_pack.chips)]

    found = within_reach(small_pack, clocks, 0)

    slow = small_pack.chip_index % 2 == 1
    assert np.array_equal(found[slow], answers_within(small_pack, SLOW)[slow])
    assert np.array_equal(found[~slow], answers_within(small_pack, FAST)[~slow])
    assert found[slow].mean() < found[~slow].mean(), "a test of nothing, if all were within reach"


def test_one_clock_is_that_clock_for_every_chip(small_pack: Pack) -> None:
    each = [FAST] * small_pack.chips
    assert np.array_equal(within_reach(small_pack, FAST, 0), within_reach(small_pack, each, 0))
    assert np.array_equal(pack_rates(small_pack, FAST, 0), pack_rates(small_pack, each, 0))


def test_clocks_for_another_number_of_chips_are_refused(small_pack: Pack) -> None:
    with pytest.raises(ValueError, match="broadcast"):
        within_reach(small_pack, [FAST] * (small_pack.chips + 1), 0)


def test_a_ledger_expects_no_more_of_a_slow_chip_than_its_clock_gives(small_pack: Pack) -> None:
    """Nothing returns: all that was due is a miss, and of a slow chip less was due."""
    clocks = [SLOW if chip % 2 else FAST for chip in range(small_pack.chips)]
    ledger = Ledger(small_pack, small_pack.layout, small_pack.sweep_length, clocks)
    ledger.issue(0, 0, 0.0)

    trials = ledger.tally(10.0).trials

    rows = small_pack.answers_of(0)
    due = np.bincount(small_pack.chip_index[rows][within_reach(small_pack, clocks, 0)[rows]],
                      minlength=small_pack.chips)
    assert np.array_equal(trials, due)
    assert due.sum() < answers_within(small_pack, FAST)[rows].sum()
