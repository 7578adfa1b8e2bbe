"""``rig instrument check`` on every family's simulator: found by its identity, and fit."""

from __future__ import annotations

from typing import Any

import pytest

from rig.errors import Role
from rig.instruments.check import Outcome, Report
from rig.instruments.check_supply import Demand
from rig.instruments.inspection import Target, inspect
from rig.instruments.memory import in_memory
from rig.instruments.registry import METERS, SCANNERS, SUPPLIES

FAMILIES = [(Role.SUPPLY, name) for name in SUPPLIES] + [(Role.METER, name) for name in METERS] + [
    (Role.SCANNER, name) for name in SCANNERS]
LACKING = {
    "scpi99": {"watchdog"},
    "chroma62000p": {"watchdog"},
    "genesys": {"power", "watchdog"},
    "truevolt": set(),
}


def inspected(gears: dict[str, Any], role: Role, family: str) -> Report:
    gear = gears["memory"]
    gear.reset()
    slot = gear.slot_of(family)
    options = gear.rack.slots[slot].entry.supply.options if role is Role.SUPPLY else {}
    target = Target("memory", Demand(1.0, 0.1), options=options)
    return inspect(target, gear.clock, in_memory(gear.spoilt(gear.wrong[slot, role.value])))


@pytest.mark.parametrize(("role", "family"), FAMILIES)
def test_every_family_is_found_and_fit(gears: dict[str, Any], role: Role, family: str) -> None:
    report = inspected(gears, role, family)

    assert (report.role, report.family, report.ok) == (role, family, True), report
    bad = {row.name for row in report.rows if row.outcome is Outcome.NO}
    assert bad == LACKING.get(family, set())


@pytest.mark.parametrize("family", list(SUPPLIES))
def test_the_output_is_off_and_the_board_dark_afterwards(gears: dict[str, Any], family: str) -> None:
    inspected(gears, Role.SUPPLY, family)

    slot = gears["memory"].rack.slots[gears["memory"].slot_of(family)]
    assert not slot.output.on
    assert slot.power.pad_volts < 0.2
