"""Small dialect servers on real sockets and ptys that answer as instruments do, and as they should not."""

from __future__ import annotations

import os
import select
import socket
import threading
import tty
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

import pytest

from rig.clock import SystemClock
from rig.errors import Role
from rig.instruments.identity import Expected
from rig.instruments.session import Conduct, Session
from rig.instruments.visa import VisaTransport


class Fault(Enum):
    SILENT = "no answer"
    HALF = "an answer without its end"
    TWICE = "the answer twice"
    CLOSES = "the connection closed instead of an answer"
    FLOODS = "no line end in sight"


@dataclass(frozen=True)
class Late:
    """The right answer, on the same connection, after so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Says:
    """Another answer."""

    text: str


Behaviour = Fault | Late | Says


class DialectServer:
    """Answers each line through ``reply``; ``misbehave`` queues one wrong turn for a question."""

    def __init__(self, reply: Callable[[str], str | None]) -> None:
        self._reply = reply
        self._faults: dict[str, deque[Behaviour]] = defaultdict(deque)
        self._stop = threading.Event()
        self._links: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.heard: list[str] = []
        self.connections = 0
        self.resource = f"TCPIP::127.0.0.1::{self._door.getsockname()[1]}::SOCKET"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def misbehave(self, question: str, *behaviours: Behaviour) -> None:
        self._faults[question].extend(behaviours)

    def close(self) -> None:
        if self._stop.is_set():
            return
        self._stop.set()
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        for link in self._links:
            link.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                link, _ = self._door.accept()
            except OSError:
                return
            self.connections += 1
            self._links.append(link)
            self._threads.append(threading.Thread(target=self._serve, args=(link,), daemon=True))
            self._threads[-1].start()

    def _serve(self, link: socket.socket) -> None:
        try:
            with link, link.makefile("r", encoding="ascii", newline="\n") as lines:
                for line in lines:
                    question = line.rstrip("\r\n")
                    self.heard.append(question)
                    if not self._answer(link, question):
                        return
        except (OSError, ValueError):
            return

    def _answer(self, link: socket.socket, question: str) -> bool:
        answer = self._reply(question)
        fault = self._faults[question].popleft() if self._faults[question] else None
        if fault is Fault.CLOSES:
            return False
        if fault is Fault.SILENT or answer is None:
            return True
        if isinstance(fault, Late):
            self._stop.wait(fault.seconds)
        text = {
            Fault.HALF: answer[: len(answer) // 2],
            Fault.TWICE: f"{answer}\n{answer}\n",
            Fault.FLOODS: "7" * 100_000,
        }.get(fault, f"{fault.text if isinstance(fault, Says) else answer}\n")  # type: ignore[arg-type]
        link.sendall(text.encode("ascii"))
        return True


Serve = Callable[[Callable[[str], str | None]], DialectServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start dialect servers; all are closed at the end."""
    servers: list[DialectServer] = []

    def start(reply: Callable[[str], str | None]) -> DialectServer:
        servers.append(DialectServer(reply))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def faults() -> type[Fault]:
    return Fault


@pytest.fixture
def late() -> type[Late]:
    return Late


@pytest.fixture
def says() -> type[Says]:
    return Says


@pytest.fixture
def session_with() -> Iterator[Callable[..., Session]]:
    """A session over a real socket with a short patience."""
    sessions: list[Session] = []

    def start(
        server: DialectServer,
        role: Role = Role.SUPPLY,
        *,
        seconds: float = 0.2,
        expected: Expected = Expected(),
        opening: tuple[str, ...] = (),
        error_query: str = "SYST:ERR?",
    ) -> Session:
        conduct = Conduct(role, "the tested one", seconds, expected, opening, error_query)
        sessions.append(Session(VisaTransport(server.resource, SystemClock()), conduct))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()


class PtyBridge:
    """A bridge of bitaxe-raw V1 firmware on a pty: pins, and I2C devices as register maps."""

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self._stop = threading.Event()
        self.path = os.ttyname(self._slave)
        self.pins: dict[int, int] = defaultdict(int)
        self.stuck: set[int] = set()
        self.refused: set[int] = set()
        self.devices: dict[int, dict[int, int]] = {}
        self.silent = False
        self.before_answer = b""                # sent ahead of the next answer
        self.raw: bytes | None = None           # sent instead of the next answer
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hang up; harmless the second time."""
        self._stop.set()
        self._thread.join(5)

    def _serve(self) -> None:
        buffer = bytearray()
        while not self._stop.is_set():
            if select.select([self._master], [], [], 0.02)[0]:
                buffer += os.read(self._master, 4096)
            while len(buffer) >= 2 and len(buffer) >= int.from_bytes(buffer[:2], "little"):
                length = int.from_bytes(buffer[:2], "little")
                packet, buffer = bytes(buffer[:length]), buffer[length:]
                self._take(packet)
        os.close(self._slave)
        os.close(self._master)

    def _take(self, packet: bytes) -> None:
        if self.silent:
            return
        status, data = self._do(packet[4], packet[5], packet[6:])
        answer = (4 + len(data)).to_bytes(2, "little") + packet[2:3] + bytes([status]) + data
        out = self.before_answer + (answer if self.raw is None else self.raw)
        self.before_answer, self.raw = b"", None
        os.write(self._master, out)

    def _do(self, page: int, command: int, data: bytes) -> tuple[int, bytes]:
        if page == 0x06 and command in self.refused:
            return 0x11, b""
        if page == 0x06:
            if data and command not in self.stuck:
                self.pins[command] = data[0]
            return 0, bytes([self.pins[command]])
        device = self.devices.get(data[0]) if page == 0x05 else None
        if page != 0x05:
            return 0x11, b""
        if device is None:
            return 0xFF, b"no acknowledge"
        if command == 0x20:
            for offset, value in enumerate(data[2:]):
                device[data[1] + offset] = value
            return 0, b""
        first, count = (0, data[1]) if command == 0x30 else (data[1], data[2])
        return 0, bytes(device.get(first + offset, 0xFF) for offset in range(count))


@pytest.fixture
def pty_bridge() -> Iterator[PtyBridge]:
    bridge = PtyBridge()
    yield bridge
    bridge.close()
