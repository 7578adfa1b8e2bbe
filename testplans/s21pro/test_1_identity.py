"""The board cold and unpowered: is the wire whole, and is it the board that was scanned."""

from __future__ import annotations

import pytest

from rig.board import read_eeprom, read_sensors
from rig.errors import BridgeError
from rig.pytestplugin import Run
from rig.slot import Slot

pytestmark = pytest.mark.plan


def test_link(run: Run) -> None:
    run.phase("identity")
    run.check_link()


def test_sensors_and_eeprom(run: Run, slot: Slot) -> None:
    celsius = read_sensors(slot, run.product)
    eeprom = read_eeprom(slot, run.product)
    run.saw_side(celsius, eeprom)
    if eeprom.image is None and all(value is None for value in celsius):
        raise BridgeError(
            "nothing on the board's I2C bus answered, neither sensors nor EEPROM; "
            "check the side connector of the fixture"
        )
    run.measure("sensor_answers", *(float(value is not None) for value in celsius))
    run.measure("start_celsius", *(value for value in celsius if value is not None))
    run.measure("eeprom_answers", float(eeprom.image is not None))
    run.measure("eeprom_valid", float(eeprom.identity is not None))
    if eeprom.identity is not None:
        run.measure("eeprom_serial_matches", float(eeprom.identity.serial == run.serial))
