"""What the bench's serial ports have in common: bytes in blocks from one host, bytes out as it reads them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

_BLOCK = 65_536
PENDING_BYTES = 1 << 20


class HostPort:
    """One port behind a file descriptor. ``received`` is called with each block a host sends.

    Bytes that leave while no host has the port open are lost, as on a real line; those a host does
    not read wait up to ``PENDING_BYTES``, then are dropped and counted in ``dropped``.
    """

    def __init__(self, received: Callable[[bytes], None]) -> None:
        self._received = received
        self._loop = asyncio.get_running_loop()
        self._descriptor = -1
        self._pending = bytearray()
        self.is_open = False
        self.dropped = 0

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
                self._loop.add_writer(self._descriptor, self._drain)

    def drop_pending(self) -> None:
        """Forget what the host has not read."""
        if self._pending:
            self._pending.clear()
            self._loop.remove_writer(self._descriptor)

    def _opened(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.is_open = True
        self._loop.add_reader(descriptor, self._readable)

    def _closed(self) -> None:
        """The host has gone."""
        if self.is_open:
            self.is_open = False
            self._loop.remove_reader(self._descriptor)
        self.drop_pending()

    def _readable(self) -> bool:
        """Take one block; whether there was one."""
        try:
            data = os.read(self._descriptor, _BLOCK)
        except BlockingIOError:
            return False
        except OSError:                # EIO of a pty, or a connection reset: the host has gone
            data = b""
        if not data:
            self._closed()
            return False
        self._received(data)
        return True

    def _send(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self._descriptor, data)
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
        if self.is_open and not self._pending:
            self._loop.remove_writer(self._descriptor)
