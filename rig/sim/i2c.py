"""The devices on the slot's I2C bus, register by register.

Board: EEPROM AT24C02 class, mux TCA9548 class, one TMP451 class sensor a mux channel. Fixture: fan
controller EMC2305 class. Registers by the parts' public data sheets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from rig.sim.thermal import FANS, Fans

EEPROM_BYTES, PAGE_BYTES, WRITE_CYCLE_SECONDS = 256, 8, 0.005

LOCAL_WHOLE, REMOTE_WHOLE, CONFIG_READ, CONFIG_WRITE = 0x00, 0x01, 0x03, 0x09
REMOTE_FRACTION, LOCAL_FRACTION, SENSOR_MAKER = 0x10, 0x15, 0xFE
EXTENDED, EXTENDED_OFFSET, TEXAS_INSTRUMENTS = 0x04, 64, 0x55

_FAN_IDENTITY = {0xFD: 0x34, 0xFE: 0x5D}
RPM_COUNTS, STALLED_COUNT = 3_932_160, 0x1FFF


class NoAckError(Exception):
    """Nothing acknowledged on the bus."""


class Device(Protocol):
    """One device: a transfer is a write, a read, or a write with a read after a repeated start."""

    def write(self, data: bytes, now: float) -> None:
        """Raises NoAckError."""
        ...

    def read(self, count: int, now: float) -> bytes:
        """Raises NoAckError."""
        ...


class Eeprom:
    """AT24C02: an address pointer, page writes that wrap, deaf while it writes."""

    def __init__(self, image: bytes) -> None:
        self.memory = bytearray(image)
        self._pointer = 0
        self._busy_until = 0.0

    def write(self, data: bytes, now: float) -> None:
        self._check_ready(now)
        if not data:
            return
        self._pointer = data[0]
        page = self._pointer // PAGE_BYTES * PAGE_BYTES
        for value in data[1:]:
            self.memory[self._pointer] = value
            self._pointer = page + (self._pointer + 1) % PAGE_BYTES
        if len(data) > 1:
            self._busy_until = now + WRITE_CYCLE_SECONDS

    def read(self, count: int, now: float) -> bytes:
        self._check_ready(now)
        found = bytes(self.memory[(self._pointer + at) % EEPROM_BYTES] for at in range(count))
        self._pointer = (self._pointer + count) % EEPROM_BYTES
        return found

    def _check_ready(self, now: float) -> None:
        if now < self._busy_until:
            raise NoAckError


class Mux:
    """One control byte: bit n joins channel n."""

    def __init__(self) -> None:
        self.control = 0

    def write(self, data: bytes, now: float) -> None:  # noqa: ARG002 - the mux keeps no time
        if data:
            self.control = data[-1]

    def read(self, count: int, now: float) -> bytes:  # noqa: ARG002
        return bytes([self.control]) * count


class Sensor:
    """TMP451: local and remote temperature, in the extended range until told otherwise."""

    def __init__(self, celsius: Callable[[], float]) -> None:
        self._celsius = celsius
        self._config = EXTENDED
        self._pointer = 0

    def write(self, data: bytes, now: float) -> None:  # noqa: ARG002
        if data:
            self._pointer = data[0]
        if len(data) > 1 and self._pointer == CONFIG_WRITE:
            self._config = data[1]

    def read(self, count: int, now: float) -> bytes:  # noqa: ARG002
        return bytes([self._register()]) * count

    def _register(self) -> int:
        offset = EXTENDED_OFFSET if self._config & EXTENDED else 0
        sixteenths = min(0xFFF, max(0, round((self._celsius() + offset) * 16)))
        if self._pointer in (LOCAL_WHOLE, REMOTE_WHOLE):
            return sixteenths >> 4
        if self._pointer in (LOCAL_FRACTION, REMOTE_FRACTION):
            return (sixteenths & 0xF) << 4
        if self._pointer == CONFIG_READ:
            return self._config
        return TEXAS_INSTRUMENTS if self._pointer == SENSOR_MAKER else 0


class FanController:
    """EMC2305: a drive and a tachometer a fan."""

    def __init__(self, fans: Fans) -> None:
        self._fans = fans
        self._pointer = 0

    def write(self, data: bytes, now: float) -> None:  # noqa: ARG002
        if data:
            self._pointer = data[0]
        for value in data[1:]:
            fan, register = self._place()
            if register == 0x0 and fan < FANS:
                self._fans.drive[fan] = value / 255
            self._pointer = (self._pointer + 1) % 256

    def read(self, count: int, now: float) -> bytes:  # noqa: ARG002
        found = bytearray()
        for _ in range(count):
            found.append(self._register())
            self._pointer = (self._pointer + 1) % 256
        return bytes(found)

    def _place(self) -> tuple[int, int]:
        """Fan and register in its block of sixteen; a fan of FANS or more is none."""
        block = (self._pointer >> 4) - 3
        return (block if block >= 0 else FANS), self._pointer & 0xF

    def _register(self) -> int:
        if self._pointer in _FAN_IDENTITY:
            return _FAN_IDENTITY[self._pointer]
        fan, register = self._place()
        if fan >= FANS:
            return 0
        rpm = float(self._fans.rpm[fan])
        count = min(STALLED_COUNT, round(RPM_COUNTS / rpm)) if rpm > 1 else STALLED_COUNT
        match register:
            case 0x0:
                return round(float(self._fans.drive[fan]) * 255)
            case 0xE:
                return count >> 5
            case 0xF:
                return (count & 0x1F) << 3
        return 0


class Bus:
    """Transfers by address. ``devices`` is asked anew each time, for boards come and go."""

    def __init__(self, devices: Callable[[], Mapping[int, Device]]) -> None:
        self._devices = devices

    def transfer(self, address: int, data: bytes | None, count: int, now: float) -> bytes:
        """Write ``data`` (None: no write phase), then read ``count`` bytes. Raises NoAckError."""
        device = self._devices().get(address)
        if device is None:
            raise NoAckError
        if data is not None:
            device.write(data, now)
        return device.read(count, now) if count else b""
