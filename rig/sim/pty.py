"""A serial port of the bench: the master side of a pty, which sees the rate its host has set."""

from __future__ import annotations

import asyncio
import fcntl
import os
import select
import struct
import tty
from collections.abc import Callable

_TCGETS2 = 0x802C542A              # Linux, <asm-generic/ioctls.h>: rates of any value
_TERMIOS2_BYTES, _OUTPUT_RATE_AT = 44, 40
_BLOCK = 65_536
PENDING_BYTES = 1 << 20


class PtyPort:
    """One pty. ``path`` is what a host opens; ``received`` is called with each block it sends.

    Bytes that leave while no host has the port open are lost, as on a real line; those a host does
    not read wait up to ``PENDING_BYTES``, then are dropped and counted in ``dropped``.
    """

    def __init__(self, received: Callable[[bytes], None]) -> None:
        self._received = received
        self._loop = asyncio.get_running_loop()
        self._master, slave = os.openpty()
        self.path = os.ttyname(slave)
        tty.setraw(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._poll = select.poll()
        self._poll.register(self._master, select.POLLIN)
        self._pending = bytearray()
        self.is_open = False
        self.dropped = 0

    @property
    def baud(self) -> float:
        """The rate the host's side is set to."""
        state = bytearray(_TERMIOS2_BYTES)
        fcntl.ioctl(self._master, _TCGETS2, state)
        rate: int = struct.unpack_from("<I", state, _OUTPUT_RATE_AT)[0]
        return float(rate or 1)

    def look(self) -> None:
        """Notice that a host has opened the port. To be called now and then."""
        if self.is_open:
            return
        events = self._poll.poll(0)
        flags = events[0][1] if events else 0
        if flags & select.POLLIN or not flags & select.POLLHUP:
            self.is_open = True
            self._loop.add_reader(self._master, self._readable)

    def write(self, data: bytes) -> None:
        if not data or not self.is_open:
            return
        if self._pending:
            self._keep(data)
            return
        sent = self._send(data)
        if sent < len(data):
            self._keep(data[sent:])
            if self._pending:
                self._loop.add_writer(self._master, self._drain)

    def drop_pending(self) -> None:
        """Forget what the host has not read."""
        if self._pending:
            self._pending.clear()
            self._loop.remove_writer(self._master)

    def close(self) -> None:
        self._closed()
        os.close(self._master)

    def _closed(self) -> None:
        if self.is_open:
            self.is_open = False
            self._loop.remove_reader(self._master)
        self.drop_pending()

    def _readable(self) -> None:
        try:
            data = os.read(self._master, _BLOCK)
        except BlockingIOError:
            return
        except OSError:                # EIO: the host has closed its side
            self._closed()
            return
        self._received(data)

    def _send(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0
        except OSError:
            self._closed()
            return len(data)

    def _keep(self, data: bytes) -> None:
        if len(self._pending) + len(data) > PENDING_BYTES:
            self.dropped += len(data)
        else:
            self._pending += data

    def _drain(self) -> None:
        sent = self._send(self._pending)
        del self._pending[:sent]
        if not self._pending:
            self._loop.remove_writer(self._master)
