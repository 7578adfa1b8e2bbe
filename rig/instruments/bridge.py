"""The fixture bridge: I2C and GPIO over the control port of open bitaxe-raw firmware.

Framing and numbers: 256foundation/mujina
mujina-miner/src/mgmt_protocol/bitaxe_raw/PROTOCOL.md. Only the V1 answer format is spoken: in V0
an error cannot be told from data.
"""

from __future__ import annotations

import secrets
import struct
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, IntEnum
from typing import Protocol

import serial

from rig.clock import Clock
from rig.errors import BridgeError, NoAcknowledge

# The reference host waits as long for an answer.
ANSWER_SECONDS = 1.0

_SHORTEST = 4
_LONGEST = 1024


class Level(Enum):
    """An electrical level of a pin."""

    LOW = 0
    HIGH = 1


class _Page(IntEnum):
    I2C = 0x05
    GPIO = 0x06


class _I2c(IntEnum):
    WRITE = 0x20
    READ = 0x30
    WRITE_READ = 0x40


class _Status(IntEnum):
    OK = 0x00
    TIMEOUT = 0x10
    INVALID_COMMAND = 0x11
    OVERFLOW = 0x12
    CUSTOM = 0xFF


class _Refusal(Exception):
    """The bridge answered, with an error status."""

    def __init__(self, status: int, text: bytes) -> None:
        name = _Status(status).name.lower() if status in list(_Status) else f"status 0x{status:02X}"
        super().__init__(f"{name} {text.decode('ascii', errors='replace')}".strip())
        self.status = status


class BytePort(Protocol):
    """What is needed of a serial port; as pyserial's, ``timeout`` in seconds included."""

    timeout: float | None

    def write(self, data: bytes, /) -> int | None: ...
    def read(self, size: int = 1, /) -> bytes: ...
    def reset_input_buffer(self) -> None: ...
    def close(self) -> None: ...


def open_serial(port: str) -> BytePort:
    """A serial device, held exclusively. Raises OSError."""
    opened: BytePort = serial.Serial(port, 115_200, timeout=0, write_timeout=ANSWER_SECONDS, exclusive=True)
    return opened


class Bridge:
    """The control port of one fixture bridge, held exclusively. Belongs to one thread.

    Raises BridgeError when the port or the bridge fails, NoAcknowledge when only the I2C device
    addressed is silent.
    """

    def __init__(
        self, port: str, clock: Clock, opener: Callable[[str], BytePort] = open_serial
    ) -> None:
        self._port = port
        self._clock = clock
        self._next_id = 0
        self._in_step = False
        self._posted: dict[int, int] = {}           # pin by the id of a request nobody waits for
        self._refused: list[int] = []
        self._buffer = bytearray()
        with self._faults():
            self._serial = opener(port)

    def i2c_write(self, address: int, data: bytes) -> None:
        self._i2c(_I2c.WRITE, address, data, 0)

    def i2c_read(self, address: int, count: int) -> bytes:
        """``count`` (1..255) bytes."""
        return self._i2c(_I2c.READ, address, bytes([count]), count)

    def i2c_write_read(self, address: int, data: bytes, count: int) -> bytes:
        """Write, repeated start, ``count`` (1..255) bytes."""
        return self._i2c(_I2c.WRITE_READ, address, data + bytes([count]), count)

    def set_pin(self, number: int, level: Level) -> None:
        """Drive an output and read it back. Raises BridgeError when it stays where it was."""
        self._gpio(number, bytes([level.value]))
        found = self.pin(number)
        if found is not level:
            raise BridgeError(
                f"bridge {self._port}: found pin {number} {found.name.lower()} after driving it, "
                f"expected {level.name.lower()}"
            )

    def post_pin(self, number: int, level: Level) -> None:
        """Drive an output and wait for nothing; what the bridge answers passes by with the next request.

        Raises BridgeError when the port is dead. Does nothing before the first other request.
        """
        if not self._in_step:
            return
        self._next_id = (self._next_id + 1) % 256
        self._posted[self._next_id] = number
        self._send(_Page.GPIO, number, bytes([level.value]))

    def take_refusals(self) -> list[int]:
        """Pins whose posted level the bridge has refused since the last call."""
        refused, self._refused = self._refused, []
        return refused

    def pin(self, number: int) -> Level:
        answer = self._gpio(number, b"")
        if len(answer) != 1 or answer[0] not in (0, 1):
            raise BridgeError(f"bridge {self._port}: pin {number}: found {answer.hex()!r}, expected 00 or 01")
        return Level(answer[0])

    def close(self) -> None:
        self._serial.close()

    def _i2c(self, command: _I2c, address: int, data: bytes, count: int) -> bytes:
        try:
            answer = self._ask(_Page.I2C, command, bytes([address]) + data)
        except _Refusal as error:
            if error.status in (_Status.TIMEOUT, _Status.CUSTOM):
                raise NoAcknowledge(address) from error
            raise BridgeError(f"bridge {self._port}: I2C 0x{address:02X}: found {error}") from error
        if count and len(answer) != count:
            raise BridgeError(
                f"bridge {self._port}: I2C 0x{address:02X}: found {len(answer)} bytes, expected {count}"
            )
        return answer

    def _gpio(self, number: int, data: bytes) -> bytes:
        try:
            return self._ask(_Page.GPIO, number, data)
        except _Refusal as error:
            raise BridgeError(
                f"bridge {self._port}: pin {number}: found {error}, expected a level"
            ) from error

    def _ask(self, page: _Page, command: int, data: bytes) -> bytes:
        """One request; answers to earlier ones are dropped by their ids."""
        if not self._in_step:
            self._fall_in()
        self._next_id = (self._next_id + 1) % 256
        answer = self._exchange(page, command, data)
        if answer[3] != _Status.OK:
            raise _Refusal(answer[3], answer[4:])
        return answer[4:]

    def _fall_in(self) -> None:
        """Let everything pass that the bridge still had to say to whoever held the port before.

        It answers in order, and a busy one answers the dead late: so a question under an id of
        chance is waited for, thrice, for an id is only a byte.
        """
        for _ in range(3):
            self._next_id = secrets.randbelow(256)
            self._exchange(_Page.GPIO, 0, b"")
        self._next_id = secrets.randbelow(256)
        self._in_step = True

    def _exchange(self, page: _Page, command: int, data: bytes) -> bytes:
        """The answer under the present id."""
        deadline = self._clock.now() + ANSWER_SECONDS
        self._send(page, command, data)
        while (answer := self._packet(deadline))[2] != self._next_id:
            self._pass_by(answer)
        self._posted.clear()                        # it answers in order: what has not come will not
        return answer

    def _send(self, page: _Page, command: int, data: bytes) -> None:
        request = struct.pack("<HBBBB", 6 + len(data), self._next_id, 0, page, command) + data
        with self._faults():
            self._serial.write(request)

    def _pass_by(self, answer: bytes) -> None:
        """An answer that nobody waits for."""
        pin = self._posted.pop(answer[2], None)
        if pin is not None and answer[3] != _Status.OK:
            self._refused.append(pin)

    def _packet(self, deadline: float) -> bytes:
        """The next whole packet. A length no answer has means the stream is out of step."""
        while True:
            if len(self._buffer) >= 2:
                length = int.from_bytes(self._buffer[:2], "little")
                if not _SHORTEST <= length <= _LONGEST:
                    self._buffer.clear()
                    with self._faults():
                        self._serial.reset_input_buffer()
                    raise BridgeError(
                        f"bridge {self._port}: found a packet of {length} bytes; firmware not V1?"
                    )
                if len(self._buffer) >= length:
                    packet = bytes(self._buffer[:length])
                    del self._buffer[:length]
                    return packet
            self._receive(deadline)

    def _receive(self, deadline: float) -> None:
        left = deadline - self._clock.now()
        with self._faults():
            if left > 0:
                self._serial.timeout = left
                self._buffer += self._serial.read(1)
                self._serial.timeout = 0
                self._buffer += self._serial.read(_LONGEST)
                return
        self._buffer.clear()
        raise BridgeError(f"bridge {self._port}: found no answer in {ANSWER_SECONDS:g} s, expected one")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (OSError, termios.error, serial.SerialException) as error:
            raise BridgeError(f"bridge {self._port}: found {error}, expected an open port") from error
