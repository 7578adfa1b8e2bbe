"""The board's temperature sensors as the guard reads them by itself, whatever the worker does.

TMP451 class sensors behind a mux, extended range: local temperature 0x00 in whole degrees plus 64,
its fraction in 0x15 (high nibble, sixteenths). Where they are is the product's to say: a lease tells.
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.errors import NoAcknowledge
from rig.instruments.fans import I2cBus
from rig.recipe.product import I2cMap

MOST_SENSORS = 8                # channels of the mux


@dataclass(frozen=True, slots=True)
class BoardSensors:
    """A board's sensors: I2C addresses of mux and sensor, and how many channels carry one."""

    mux: int = I2cMap().mux
    sensor: int = I2cMap().sensor
    count: int = 4


def read_all(bus: I2cBus, sensors: BoardSensors, selected: int) -> tuple[float | None, ...]:
    """Celsius of each sensor, None without acknowledge; leaves the mux as ``selected``.

    Raises BridgeError.
    """
    celsius = tuple(_read(bus, sensors, channel) for channel in range(sensors.count))
    try:
        bus.i2c_write(sensors.mux, bytes([selected]))
    except NoAcknowledge:
        return celsius
    return celsius


def _read(bus: I2cBus, sensors: BoardSensors, channel: int) -> float | None:
    try:
        bus.i2c_write(sensors.mux, bytes([1 << channel]))
        whole = bus.i2c_write_read(sensors.sensor, b"\x00", 1)[0]
        fraction = bus.i2c_write_read(sensors.sensor, b"\x15", 1)[0] >> 4
    except NoAcknowledge:
        return None
    return whole - 64 + fraction / 16
