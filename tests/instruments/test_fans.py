from __future__ import annotations

import pytest

from rig.errors import BridgeError
from rig.instruments.fans import FANS, FanController


class Registers:
    """A register device on a bus of its own."""

    def __init__(self) -> None:
        self.values = {0xFD: 0x34}

    def i2c_write(self, address: int, data: bytes) -> None:
        assert address == 0x2F
        self.values[data[0]] = data[1]

    def i2c_read(self, _address: int, count: int) -> bytes:
        return bytes(count)

    def i2c_write_read(self, address: int, data: bytes, count: int) -> bytes:
        assert address == 0x2F
        return bytes(self.values.get(data[0] + offset, 0) for offset in range(count))

    def turn(self, fan: int, rpm: float) -> None:
        count = round(3_932_160 / rpm)
        self.values[0x3E + 0x10 * fan] = count >> 5
        self.values[0x3F + 0x10 * fan] = (count & 0x1F) << 3


@pytest.mark.parametrize(("share", "value"), [(0.0, 0), (0.3, 76), (1.0, 255), (1.7, 255), (-1.0, 0)])
def test_one_drive_for_all_fans(share: float, value: int) -> None:
    bus = Registers()

    FanController(bus, 0x2F).drive(share)

    assert [bus.values[0x30 + 0x10 * fan] for fan in range(FANS)] == [value] * FANS


def test_rpm_of_each_fan() -> None:
    bus = Registers()
    for fan, rpm in enumerate((2220, 3000, 5000, 6650)):
        bus.turn(fan, rpm)

    assert FanController(bus, 0x2F).rpm() == pytest.approx((2220, 3000, 5000, 6650), rel=0.01)


def test_a_fan_that_stands_reads_zero() -> None:
    bus = Registers()
    for fan in range(FANS):
        bus.values[0x3E + 0x10 * fan], bus.values[0x3F + 0x10 * fan] = 0xFF, 0xF8

    assert FanController(bus, 0x2F).rpm() == (0.0,) * FANS


def test_another_device_is_noticed() -> None:
    bus = Registers()
    FanController(bus, 0x2F).identify()
    bus.values[0xFD] = 0x99

    with pytest.raises(BridgeError, match="0x99"):
        FanController(bus, 0x2F).identify()
