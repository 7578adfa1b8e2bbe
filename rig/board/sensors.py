"""Board temperatures: TMP451 class sensors, all at one I2C address, each on its channel of a mux.

Registers by the part's public data sheet: 0x00 local temperature, whole degrees, 0x15 its fraction
in sixteenths (high nibble). S21 Pro boards use the extended range: 64 is added to the degrees
(HashSource/bitmain_antminer_binaries `S21pro/`).
"""

from __future__ import annotations

from rig.errors import BridgeError, NoAcknowledge
from rig.recipe import Product
from rig.slot import Slot

LOCAL_WHOLE, LOCAL_FRACTION = b"\x00", b"\x15"
EXTENDED_OFFSET = 64
SIXTEENTHS = 16
NEAR_A_DEGREE = (0, 1, 2, 13, 14, 15)   # only here can a degree be passed between two reads
TRIES = 5


def read_sensor(slot: Slot, product: Product, sensor: int) -> float | None:
    """Celsius at ``sensor`` (0-based), None when it or the mux does not acknowledge.

    The guard looks at the same sensors and moves the same mux between our transfers, so a reading
    counts only when the mux still stands where it was put. Raises BridgeError.
    """
    mux, channel = product.i2c.mux, bytes([1 << sensor])
    for _ in range(TRIES):
        try:
            slot.side.i2c_write(mux, channel)
        except NoAcknowledge:
            return None
        celsius = _selected(slot, product)
        if slot.side.i2c_read(mux, 1) == channel:
            return celsius
    raise BridgeError(
        f"sensor mux at I2C address 0x{mux:02X}: {TRIES} times it did not stay on channel {sensor}; "
        "check for a second master on the bus"
    )


def read_sensors(slot: Slot, product: Product) -> tuple[float | None, ...]:
    """Celsius of every sensor of the board, None where there was no acknowledge. Raises BridgeError."""
    return tuple(read_sensor(slot, product, sensor) for sensor in range(product.sensors))


def hottest_of(celsius: tuple[float | None, ...]) -> float | None:
    """The highest of those that answered; None when none did."""
    return max((value for value in celsius if value is not None), default=None)


def _selected(slot: Slot, product: Product) -> float | None:
    try:
        whole = _register(slot, product, LOCAL_WHOLE)
        fraction = _register(slot, product, LOCAL_FRACTION) >> 4
        near = fraction in NEAR_A_DEGREE
        after = _register(slot, product, LOCAL_WHOLE) if near else whole
    except NoAcknowledge:
        return None
    if whole != after:              # it passed a whole degree between the reads: it is there now
        return float(max(whole, after) - EXTENDED_OFFSET)
    return whole - EXTENDED_OFFSET + fraction / SIXTEENTHS


def _register(slot: Slot, product: Product, register: bytes) -> int:
    return slot.side.i2c_write_read(product.i2c.sensor, register, 1)[0]
