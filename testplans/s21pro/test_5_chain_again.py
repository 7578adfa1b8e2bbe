"""Straight after the work, still hot: do all chips answer at high volts and at low, and after a reset."""

from __future__ import annotations

import pytest

from rig.board import ramp_down
from rig.pytestplugin import Run
from rig.slot import Phase, Slot

pytestmark = pytest.mark.plan


def test_clock_down(run: Run, slot: Slot) -> None:
    slot.supply.enter(Phase.RAMPING, 30)
    run.close_work()
    run.drive("clock down", Phase.RAMPING, 30, ramp_down(slot, run.product, run.level.mhz))


def test_counts_hot(run: Run) -> None:
    run.phase("counts, hot")
    high, low = run.recipe.pre_open_volts, run.level.volts
    for volts, said in ((high, "pre-open volts"), (low, "the level's volts"), (high, "pre-open volts again")):
        run.chain.count_at(volts, f"hot, {said}")
    run.chain.count_after_reset(low, "hot, after reset, the level's volts")
    run.chain.judge("chips_found_hot")
    run.measure("counts_made", float(len(run.log.counts)))
