"""The board's temperature sensors as the guard reads them by itself, whatever the worker does.

TMP451 class sensors at 0x4C behind the mux at 0x70 (rig.recipe's I2cMap), extended range: local
temperature 0x00 in whole degrees plus 64, its fraction in 0x15 (high nibble, sixteenths).
"""

from __future__ import annotations

from rig.errors import NoAcknowledge
from rig.instruments.fans import I2cBus
from rig.recipe.product import I2cMap

SENSORS = 4
MUX = I2cMap().mux
_SENSOR = I2cMap().sensor


def read_all(bus: I2cBus, mux: int) -> tuple[float | None, ...]:
    """Celsius of each sensor, None without acknowledge; leaves ``mux`` selected.

    Raises BridgeError.
    """
    celsius = tuple(_read(bus, sensor) for sensor in range(SENSORS))
    try:
        bus.i2c_write(MUX, bytes([mux]))
    except NoAcknowledge:
        return celsius
    return celsius


def _read(bus: I2cBus, sensor: int) -> float | None:
    try:
        bus.i2c_write(MUX, bytes([1 << sensor]))
        whole = bus.i2c_write_read(_SENSOR, b"\x00", 1)[0]
        fraction = bus.i2c_write_read(_SENSOR, b"\x15", 1)[0] >> 4
    except NoAcknowledge:
        return None
    return whole - 64 + fraction / 16
