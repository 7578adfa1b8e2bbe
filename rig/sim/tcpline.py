"""The chain's line over raw TCP, as a serial server gives it: bytes both ways, and no rate to be seen."""

from __future__ import annotations

import socket
from collections.abc import Callable

from rig.sim.hostport import HostPort
from rig.sim.server import HOST, bound


class TcpLine(HostPort):
    """One listening socket, one host at a time: a second one is closed at once.

    ``path`` is what a host connects to. ``baud`` is the rate the bench is told to take the host's for,
    as a serial server would be set to.
    """

    def __init__(self, received: Callable[[bytes], None], baud: Callable[[], float]) -> None:
        super().__init__(received)
        self._baud = baud
        self._connection: socket.socket | None = None
        self._listener = bound(0)
        self._listener.setblocking(False)
        self._listener.listen()
        self.path = f"tcp://{HOST}:{self._listener.getsockname()[1]}"
        self._loop.add_reader(self._listener, self._accept)

    @property
    def baud(self) -> float:
        return self._baud()

    def look(self) -> None:
        """A connection announces itself."""

    def close(self) -> None:
        self._loop.remove_reader(self._listener)
        self._listener.close()
        self._closed()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:                # it was gone again
            return
        while self.is_open and self._readable():
            pass                       # the one before may have left: hear it out
        if self.is_open:
            connection.close()
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self._opened(connection.fileno())

    def _closed(self) -> None:
        super()._closed()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
