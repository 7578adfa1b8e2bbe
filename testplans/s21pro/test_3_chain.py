"""The chain at its pre-open volts: enumeration, addresses, every register of the bring-up."""

from __future__ import annotations

import pytest

from rig.board import bring_up
from rig.pytestplugin import Run
from rig.slot import Phase, Slot

pytestmark = pytest.mark.plan


def test_enumeration(run: Run, slot: Slot) -> None:
    run.phase("enumeration")
    run.open_power(Phase.PRE_OPEN, 45)
    found = bring_up(slot, run.product, run.recipe, run.model)
    run.saw_chips(found)
    if not any(found.counts):
        run.check_link()
    run.measure("least_idle_amps", slot.supply.read().amps.value)
    run.measure("idle_domain_volts", *run.saw_idle_domains())
    run.measure("foreign_chips", float(len(found.foreign_ids)))
    run.measure("chips_found", float(min(found.counts, default=0)))
    run.measure("address_faults", float(len(found.clashing_addresses) + len(found.missing_addresses)))
    run.measure("chips_found_fast", float(found.counts[-1]))


def test_idle(run: Run, slot: Slot) -> None:
    run.measure("idle_amps", slot.supply.read().amps.value)
