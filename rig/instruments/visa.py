"""Lines over a TCP socket resource through PyVISA and pyvisa-py; the only module that imports them.

Measured on PyVISA 1.16.2 with pyvisa-py 0.8.1: opening a refused port does not raise; a
closed peer shows as a timeout while a core spins; TCP_NODELAY cannot be set as an attribute and
costs 44 ms an exchange when it is missing. So after opening, the socket itself is asked whether
it is connected, NODELAY is set on it, and only bytes that are there are read through VISA.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import socket
import struct
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyvisa
from pyvisa.constants import StatusCode
from pyvisa.resources import MessageBasedResource

from rig.clock import Clock
from rig.errors import UsageError
from rig.instruments.transport import Flooded, Interrupted, Lost, Silent, Wire

_RESOURCE = re.compile(r"TCPIP\d*::[^:\s]+::\d{1,5}::SOCKET", re.ASCII | re.IGNORECASE)
_CONNECT_SECONDS = 1.0
_WRITE_SECONDS = 1.0
_LONGEST_LINE = 64 * 1024

# PyVISA keeps one resource manager a library, but its making is not safe between threads.
_MAKING_MANAGER = threading.Lock()


class _BareException:
    """Turns exactly ``Exception`` into Lost.

    pyvisa-py raises that very class, no subclass, when a connect times out or a name is unknown;
    anything else is left to fly.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is Exception:
            raise Lost(str(error)) from error


@contextmanager
def _visa_faults() -> Iterator[None]:
    try:
        with _BareException():
            yield
    except (OSError, pyvisa.errors.Error) as error:
        raise Lost(str(error)) from error


class VisaTransport:
    """One ``TCPIP::host::port::SOCKET`` resource, its lines ended and paced as ``wire`` says."""

    def __init__(self, resource: str, clock: Clock, wire: Wire = Wire()) -> None:
        """Opens nothing yet. Raises UsageError for any other kind of resource name."""
        if not _RESOURCE.fullmatch(resource):
            raise UsageError(f"instrument {resource!r}: expected a VISA name TCPIP::host::port::SOCKET")
        self._name = resource
        self._clock = clock
        self._write_ending = wire.write_ending.encode("ascii")
        self._read_ending = wire.read_ending.encode("ascii")
        self._pace_seconds, self._busy_until = wire.pace_seconds, 0.0
        self._resource: MessageBasedResource | None = None
        self._socket: socket.socket | None = None
        self._buffer = bytearray()
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._wake_lock = threading.Lock()

    def reopen(self) -> None:
        self._disconnect()
        with self._wake_lock:
            if self._wake_read < 0:
                self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        with _visa_faults():
            with _MAKING_MANAGER:
                manager = pyvisa.ResourceManager("@py")
            resource = manager.open_resource(
                self._name,
                open_timeout=round(_CONNECT_SECONDS * 1000),
                resource_pyclass=pyvisa.resources.TCPIPSocket,
            )
            if not isinstance(resource, MessageBasedResource):
                raise Lost(f"{self._name} opened as {type(resource).__name__}")
            self._resource = resource
            sessions: Any = vars(resource.visalib)["sessions"]
            link: socket.socket = sessions[resource.session].interface
            self._socket = link
            _prepare(link)

    def write(self, line: str) -> None:
        resource, link = self._link()
        if _readable(self._wake_read, 0.0):
            raise Interrupted("interrupted")
        self._clock.sleep(self._busy_until - self._clock.now())
        self._busy_until = self._clock.now() + self._pace_seconds
        with _visa_faults():
            if not select.select([], [link], [], _WRITE_SECONDS)[1]:
                raise Silent("it takes no more bytes")
            resource.write_raw(line.encode("ascii") + self._write_ending)

    def read_line(self, seconds: float) -> str:
        deadline = self._clock.now() + seconds
        while self._read_ending not in self._buffer:
            self._take(deadline - self._clock.now())
            if len(self._buffer) > _LONGEST_LINE:
                raise Flooded(f"more than {_LONGEST_LINE} bytes without a line end")
        line, _, rest = self._buffer.partition(self._read_ending)
        self._buffer = rest
        return line.decode("ascii", errors="replace").strip()

    def waiting(self) -> bool:
        _, link = self._link()
        if self._buffer:
            return True
        with _visa_faults():
            return _readable(link.fileno(), 0.0) and _available(link) > 0

    def interrupt(self) -> None:
        with self._wake_lock:
            if self._wake_write >= 0 and not _readable(self._wake_read, 0.0):
                os.write(self._wake_write, b"!")

    def calm(self) -> None:
        with self._wake_lock:
            while self._wake_read >= 0 and _readable(self._wake_read, 0.0):
                os.read(self._wake_read, 64)

    def close(self) -> None:
        self._disconnect()
        with self._wake_lock:
            if self._wake_read >= 0:
                os.close(self._wake_read)
                os.close(self._wake_write)
                self._wake_read = self._wake_write = -1

    def _take(self, seconds: float) -> None:
        """Wait up to ``seconds`` for bytes and take those that are there."""
        resource, link = self._link()
        with _visa_faults():
            wait_for: list[int] = [link.fileno(), self._wake_read]
            ready, _, _ = select.select(wait_for, [], [], max(0.0, seconds))
            if self._wake_read in ready:
                raise Interrupted("interrupted")
            if not ready:
                part = f" but {bytes(self._buffer[:40])!r}" if self._buffer else ""
                raise Silent(f"nothing{part} in time")
            count = min(_available(link), _LONGEST_LINE)
            if count == 0:
                raise Lost("the instrument closed the connection")
            with resource.ignore_warning(StatusCode.success_max_count_read):
                self._buffer += resource.visalib.read(resource.session, count)[0]

    def _link(self) -> tuple[MessageBasedResource, socket.socket]:
        if self._resource is None or self._socket is None:
            raise Lost("not connected")
        return self._resource, self._socket

    def _disconnect(self) -> None:
        resource, self._resource, self._socket = self._resource, None, None
        self._buffer.clear()
        if resource is not None:
            try:
                with _visa_faults():
                    resource.close()
            except Lost:
                return


def _prepare(link: socket.socket) -> None:
    """The checks and the option pyvisa-py leaves out. Raises OSError."""
    problem = link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if problem:
        raise OSError(problem, os.strerror(problem))
    link.getpeername()
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _readable(fd: int, seconds: float) -> bool:
    return bool(select.select([fd], [], [], seconds)[0])


def _available(link: socket.socket) -> int:
    """Bytes that can be read without waiting; 0 on a readable socket means the peer has closed."""
    count: int = struct.unpack("i", fcntl.ioctl(link, termios.FIONREAD, b"\0" * 4))[0]
    return count
