"""A serial port of the bench: the master side of a pty, which sees the rate its host has set."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import tty
from collections.abc import Callable

from rig.sim.hostport import HostPort

_TCGETS2 = 0x802C542A              # Linux, <asm-generic/ioctls.h>: rates of any value
_TERMIOS2_BYTES, _OUTPUT_RATE_AT = 44, 40


class PtyPort(HostPort):
    """One pty. ``path`` is what a host opens."""

    def __init__(self, received: Callable[[bytes], None]) -> None:
        super().__init__(received)
        self._master, slave = os.openpty()
        self.path = os.ttyname(slave)
        tty.setraw(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._poll = select.poll()
        self._poll.register(self._master, select.POLLIN)

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
            self._opened(self._master)

    def close(self) -> None:
        self._closed()
        os.close(self._master)
