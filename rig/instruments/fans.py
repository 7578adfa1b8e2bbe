"""The fan controller on the fixture's I2C bus, EMC2305 class.

Registers: product id 0xFD (0x34), fan n drive 0x30 + 0x10 n, tach high 0x3E + 0x10 n and low
0x3F + 0x10 n; the count is 13 bits, and rpm = 3,932,160 / count for two-pole fans read over their
lowest range (Microchip EMC2305 data sheet, tachometer section; not verified on hardware).
"""

from __future__ import annotations

from typing import Protocol

from rig.errors import BridgeError

FANS = 4

_PRODUCT_REGISTER = 0xFD
_PRODUCT = 0x34
_RPM_TIMES_COUNT = 3_932_160
_STALLED_COUNT = 0x1FFF


class I2cBus(Protocol):
    """What a device on I2C needs. Raises NoAcknowledge and BridgeError."""

    def i2c_write(self, address: int, data: bytes) -> None: ...

    def i2c_read(self, address: int, count: int) -> bytes: ...

    def i2c_write_read(self, address: int, data: bytes, count: int) -> bytes: ...


class FanController:
    """Four fans by one drive value each."""

    def __init__(self, bus: I2cBus, address: int) -> None:
        self._bus = bus
        self._address = address

    def identify(self) -> None:
        """Raises BridgeError when another device answers at this address."""
        found = self._bus.i2c_write_read(self._address, bytes([_PRODUCT_REGISTER]), 1)[0]
        if found != _PRODUCT:
            raise BridgeError(
                f"fan controller at 0x{self._address:02X}: found product 0x{found:02X}, "
                f"expected 0x{_PRODUCT:02X} (EMC2305)"
            )

    def drive(self, share: float) -> None:
        """All fans to ``share`` (0..1) of full PWM."""
        value = round(255 * min(1.0, max(0.0, share)))
        for fan in range(FANS):
            self._bus.i2c_write(self._address, bytes([0x30 + 0x10 * fan, value]))

    def rpm(self) -> tuple[float, ...]:
        """Revolutions a minute of each fan; 0 for one that does not turn."""
        return tuple(self._one(fan) for fan in range(FANS))

    def _one(self, fan: int) -> float:
        high = self._bus.i2c_write_read(self._address, bytes([0x3E + 0x10 * fan]), 1)[0]
        low = self._bus.i2c_write_read(self._address, bytes([0x3F + 0x10 * fan]), 1)[0]
        count = high << 5 | low >> 3
        return 0.0 if count in (0, _STALLED_COUNT) else _RPM_TIMES_COUNT / count
