"""The fixture bridge as open bitaxe-raw firmware answers it, in the V1 format, over its control port.

Framing and numbers: 256foundation/mujina ``mujina-miner/src/mgmt_protocol/bitaxe_raw/PROTOCOL.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from rig.sim.effects import Part
from rig.sim.fixture import SimSlot
from rig.sim.i2c import Bus, Device, FanController, NoAckError

_HEAD_BYTES, _LONGEST = 6, 1024
_SILENT_SECONDS = 0.5              # a packet that stays torn for so long is dropped


class Page(IntEnum):
    I2C = 0x05
    GPIO = 0x06
    ADC = 0x07
    LED = 0x08
    SYSTEM = 0x09


class I2cCommand(IntEnum):
    SET_FREQUENCY = 0x10
    WRITE = 0x20
    READ = 0x30
    WRITE_READ = 0x40


class BridgeStatus(IntEnum):
    OK = 0x00
    INVALID_COMMAND = 0x11
    OVERFLOW = 0x12
    CUSTOM = 0xFF


class _RefusedError(Exception):
    def __init__(self, status: BridgeStatus, text: bytes = b"") -> None:
        super().__init__(status.name)
        self.status, self.text = status, text


class SimBridge:
    """Request bytes in, answer bytes out. Devices of a board leave with it."""

    def __init__(self, slot: SimSlot) -> None:
        self._slot = slot
        self._buffer = bytearray()
        self._heard_at = 0.0
        self._fan_controller = FanController(slot.fans)
        self._bus = Bus(self._devices)

    def receive(self, data: bytes, now: float) -> bytes:
        """Answers to the requests that ``data`` completes."""
        self._slot.tick(now)
        if self._slot.is_gone(Part.BRIDGE):
            self._buffer.clear()
            return b""
        if now - self._heard_at > _SILENT_SECONDS:
            self._buffer.clear()
        self._heard_at = now
        self._buffer += data
        answers = bytearray()
        while len(self._buffer) >= 2:
            length = int.from_bytes(self._buffer[:2], "little")
            if not _HEAD_BYTES <= length <= _LONGEST:
                self._buffer.clear()
            elif len(self._buffer) >= length:
                packet = bytes(self._buffer[:length])
                del self._buffer[:length]
                answers += self._answer(packet, now)
            else:
                break
        return bytes(answers)

    def _answer(self, packet: bytes, now: float) -> bytes:
        number, page, command, data = packet[2], packet[4], packet[5], packet[6:]
        if page == Page.SYSTEM:
            return b""                     # reboots; what it switches stays as it is
        try:
            status, body = BridgeStatus.OK, self._obey(page, command, data, now)
        except _RefusedError as refused:
            status, body = refused.status, refused.text
        return (4 + len(body)).to_bytes(2, "little") + bytes([number, status]) + body

    def _obey(self, page: int, command: int, data: bytes, now: float) -> bytes:
        if page == Page.GPIO:
            return self._gpio(command, data, now)
        if page == Page.I2C:
            return self._i2c(command, data, now)
        if page == Page.LED and command == 0x10 and len(data) == 3:
            return b""
        raise _RefusedError(BridgeStatus.INVALID_COMMAND)

    def _gpio(self, pin: int, data: bytes, now: float) -> bytes:
        if data:
            self._slot.advance(now)
            if not self._slot.drive(pin, now, high=data[0] != 0):
                raise _RefusedError(BridgeStatus.INVALID_COMMAND)
        return bytes([self._slot.level(pin)])

    def _i2c(self, command: int, data: bytes, now: float) -> bytes:
        if command == I2cCommand.SET_FREQUENCY and len(data) == 4:
            return b""
        if not data:
            raise _RefusedError(BridgeStatus.INVALID_COMMAND)
        address, rest = data[0], data[1:]
        try:
            match command:
                case I2cCommand.WRITE:
                    return self._bus.transfer(address, rest, 0, now)
                case I2cCommand.READ if len(rest) == 1:
                    return self._bus.transfer(address, None, rest[0], now)
                case I2cCommand.WRITE_READ if rest:
                    return self._bus.transfer(address, rest[:-1], rest[-1], now)
        except NoAckError:
            raise _RefusedError(BridgeStatus.CUSTOM, b"i2c: no acknowledge") from None
        raise _RefusedError(BridgeStatus.INVALID_COMMAND)

    def _devices(self) -> Mapping[int, Device]:
        board = self._slot.seated
        fixture: dict[int, Device] = {self._slot.entry.fan_controller: self._fan_controller}
        return fixture if board is None else fixture | dict(board.devices())
