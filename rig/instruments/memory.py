"""Lines to and from an instrument in the same process, timed by a clock: the second transport.

Waiting for an answer is sleeping on the clock, so under a VirtualClock an instrument that hangs
for a minute costs nothing. An instrument is a function: it is handed a message without its
terminator and the time, and gives what it will answer, or None.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from rig.clock import Clock
from rig.instruments.transport import Flooded, Interrupted, Lost, Silent, Transport, TransportOpener, Wire

LONGEST_LINE = 64 * 1024


class Timed(Protocol):
    """An answer that has its time: ``text`` is asked when the clock has reached ``at``."""

    @property
    def at(self) -> float: ...

    def text(self) -> str:
        """The answer without its last terminator; a newline in it makes two lines of it."""
        ...


# Raises OSError where an instrument on a wire would refuse, close or break the connection.
Handle = Callable[[str, float], Timed | None]


def in_memory(handle: Handle, reachable: Callable[[], bool] = lambda: True) -> TransportOpener:
    """An opener for ``open_supply`` and its like: all addresses lead to this one instrument."""

    def opener(_resource: str | None, wire: Wire, clock: Clock) -> Transport:
        return MemoryTransport(handle, clock, wire, reachable)

    return opener


class MemoryTransport:
    """A Transport to ``handle``. Belongs to one thread, ``interrupt`` too: in virtual time there is one."""

    def __init__(
        self,
        handle: Handle,
        clock: Clock,
        wire: Wire = Wire(),
        reachable: Callable[[], bool] = lambda: True,
    ) -> None:
        """``reachable`` says whether a connection would be accepted now, and a present one holds."""
        self._handle = handle
        self._clock = clock
        self._wire = wire
        self._reachable = reachable
        self._pending: deque[Timed] = deque()
        self._lines: deque[str] = deque()
        self._connected = False
        self._interrupted = False
        self._busy_until = 0.0

    def reopen(self) -> None:
        self._drop()
        if not self._reachable():
            raise Lost("connection refused")
        self._connected = True

    def write(self, line: str) -> None:
        self._check()
        if self._interrupted:
            raise Interrupted("interrupted")
        self._clock.sleep(self._busy_until - self._clock.now())
        self._busy_until = self._clock.now() + self._wire.pace_seconds
        try:
            answer = self._handle(line, self._clock.now())
        except OSError as error:
            self._drop()
            raise Lost(str(error)) from error
        if answer is not None:
            self._pending.append(answer)

    def read_line(self, seconds: float) -> str:
        self._check()
        deadline = self._clock.now() + seconds
        while not self._lines:
            if self._interrupted:
                raise Interrupted("interrupted")
            self._wait(deadline)
            self._check()
        return self._lines.popleft().strip()

    def waiting(self) -> bool:
        self._check()
        return bool(self._lines) or (bool(self._pending) and self._pending[0].at <= self._clock.now())

    def interrupt(self) -> None:
        self._interrupted = True

    def calm(self) -> None:
        self._interrupted = False

    def close(self) -> None:
        self._drop()
        self._interrupted = False

    def _wait(self, deadline: float) -> None:
        """Sleep until the next answer, or raise Silent at the deadline."""
        now = self._clock.now()
        if not self._pending or self._pending[0].at > deadline:
            self._clock.sleep(deadline - now)
            raise Silent("nothing in time")
        answer = self._pending.popleft()
        self._clock.sleep(answer.at - now)
        text = answer.text()
        if len(text) > LONGEST_LINE:
            raise Flooded(f"more than {LONGEST_LINE} bytes without a line end")
        self._lines.extend(text.split("\n"))

    def _check(self) -> None:
        if self._connected and not self._reachable():
            self._drop()
            raise Lost("the instrument closed the connection")
        if not self._connected:
            raise Lost("not connected")

    def _drop(self) -> None:
        self._connected = False
        self._pending.clear()
        self._lines.clear()
