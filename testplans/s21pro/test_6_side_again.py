"""After the work: sensors and EEPROM must still be there, heat and current or not."""

from __future__ import annotations

import pytest

from rig.board import read_eeprom, read_sensors
from rig.pytestplugin import Run
from rig.slot import Slot

pytestmark = pytest.mark.plan


def test_sensors_and_eeprom_again(run: Run, slot: Slot) -> None:
    run.phase("side channel again")
    celsius = read_sensors(slot, run.product)
    eeprom = read_eeprom(slot, run.product)
    run.saw_side(celsius, eeprom)
    run.measure("sensor_answers", *(float(value is not None) for value in celsius))
    run.measure("eeprom_answers", float(eeprom.image is not None))
    run.measure("eeprom_valid", float(eeprom.identity is not None))
