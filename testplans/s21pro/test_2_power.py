"""First power, reset held low: what an open, shorted or leaking board shows before a clock runs."""

from __future__ import annotations

import pytest

from rig.pytestplugin import Run
from rig.slot import Slot

pytestmark = pytest.mark.plan


def test_cold(run: Run, slot: Slot) -> None:
    run.power_on()
    slot.clock.sleep(0.5)
    run.measure("cold_amps", slot.supply.read().amps.value)
