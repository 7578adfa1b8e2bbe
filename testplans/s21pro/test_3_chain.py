"""The chain at its pre-open volts: enumeration, addresses, every register of the bring-up."""

from __future__ import annotations

import pytest

from rig.board import bring_up
from rig.pytestplugin import Run
from rig.pytestplugin.power_path import measure_idle
from rig.slot import Phase, Slot

pytestmark = pytest.mark.plan


def test_enumeration(run: Run, slot: Slot) -> None:
    run.phase("enumeration")
    run.open_power(Phase.PRE_OPEN, 90)
    if not run.chain.count_after_reset(run.recipe.pre_open_volts, "cold, pre-open volts"):
        run.check_link()
    run.measure("least_idle_amps", slot.supply.read().amps.value)
    run.measure("idle_domain_volts", *run.saw_idle_domains())
    run.chain.count_after_reset(run.lowest_volts, "cold, lowest rail")
    run.step_volts(run.recipe.pre_open_volts)
    found = bring_up(slot, run.product, run.recipe, run.model)
    run.saw_chips(found)
    run.chain.look_into()
    run.measure("foreign_chips", float(len(found.foreign_ids)))
    run.measure("chips_found", float(run.chain.least))
    run.measure("address_faults", float(len(found.clashing_addresses) + len(found.missing_addresses)))
    run.measure("chips_found_fast", float(found.counts[-1]))


def test_registers(run: Run) -> None:
    run.chain.check_bring_up()


def test_counts_at_both_volts(run: Run) -> None:
    run.phase("counts at both volts")
    run.chain.count("configured, pre-open volts")
    for said in ("configured, the level's volts", "and once more"):
        run.chain.count_at(run.level.volts, said)
    run.chain.count_at(run.recipe.pre_open_volts, "configured, pre-open volts again")
    run.chain.judge("chips_found_low")


def test_idle(run: Run) -> None:
    measure_idle(run)
