"""TCP and Unix sockets in front of the models: instruments, truth, control, PDU."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from rig.clock import Clock
from rig.sim.scpi import Answer

HOST = "127.0.0.1"
_LINE_BYTES = 65_536
_OUTLET = re.compile(r"(GET|PUT) /outlets/(\d{1,6})(/watchdog)?", re.ASCII)
_SECONDS = re.compile(r"\d{1,4}(\.\d{1,3})?", re.ASCII)
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class InstrumentPort:
    """An instrument's socket. When it is unreachable its port refuses, and stays its own."""

    def __init__(self, handle: Callable[[str, float], Answer | None], catch_up: Callable[[float], None],
                 clock: Clock) -> None:
        self._handle, self._catch_up, self._clock = handle, catch_up, clock
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._holder = bound(0)
        self.port: int = self._holder.getsockname()[1]

    @property
    def resource(self) -> str:
        """Its VISA name."""
        return f"TCPIP::{HOST}::{self.port}::SOCKET"

    @property
    def connections(self) -> int:
        return len(self._writers)

    @property
    def reachable(self) -> bool:
        return self._server is not None

    async def listen(self) -> None:
        """Accept connections; those that come while it does not are refused."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, sock=self._holder, limit=_LINE_BYTES)

    def refuse(self) -> None:
        """Close every connection and accept no more."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        self._holder = bound(self.port)     # bound and not listening: connections are refused
        for writer in self._writers:
            writer.transport.abort()

    def close(self) -> None:
        self.refuse()
        self._holder.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while line := await reader.readline():
                await self._act(line.decode("latin-1").strip(), writer)
        except (ConnectionError, ValueError):   # ValueError: a line without end
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _act(self, message: str, writer: asyncio.StreamWriter) -> None:
        now = self._clock.now()
        self._catch_up(now)
        answer = self._handle(message, now)
        if answer is None:
            return
        if answer.at > now:
            await asyncio.sleep(answer.at - now)
            self._catch_up(self._clock.now())
        writer.write(answer.text().encode("latin-1") + b"\n")
        await writer.drain()


def bound(port: int) -> socket.socket:
    """A TCP socket at the loopback's ``port`` (0: any), not listening yet."""
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((HOST, port))
    return holder


async def serve_truth(truth: Callable[[], Mapping[str, Any]]) -> asyncio.Server:
    """Each connection gets one JSON line of the bench's own physics and is closed."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(json.dumps(truth()).encode() + b"\n")
        await _finish(writer)

    return await asyncio.start_server(serve, HOST, 0)


async def serve_control(path: Path, act: Callable[[Any], Awaitable[Mapping[str, Any]]]) -> asyncio.Server:
    """JSON line in, JSON line out, on a Unix socket of its user alone."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                try:
                    request = json.loads(line)
                except ValueError as error:
                    request = {"op": f"unreadable ({error})"}
                writer.write(json.dumps(await act(request)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass
        finally:
            await _finish(writer)

    server = await asyncio.start_unix_server(serve, path, limit=_LINE_BYTES)
    os.chmod(path, 0o600)
    return server


Switch = Callable[[int, bool | None], bool | None]
Watch = Callable[[int, float | None], float | None]


async def serve_pdu(switch: Switch, watch: Watch) -> asyncio.Server:
    """Outlets over HTTP, as labgrid's ``rest`` power ports want them.

    GET /outlets/N answers 1 or 0; PUT with a body 1 or 0 switches. ``switch`` is given the outlet and
    what to switch it to (None: nothing), and returns its state, None when there is no such outlet.
    GET /outlets/N/watchdog answers seconds, 0 when it is not armed; PUT arms and feeds it (0 disarms):
    ``watch`` likewise.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            sizes = [line.split(":")[1] for line in head if line.lower().startswith("content-length:")]
            body = await reader.readexactly(int(sizes[0])) if sizes else b""
            writer.write(_http(_pdu(head[0], body.decode("latin-1"), switch, watch)))
        except (ConnectionError, ValueError, EOFError, asyncio.LimitOverrunError):
            pass
        finally:
            await _finish(writer)

    return await asyncio.start_server(serve, HOST, 0)


def _pdu(request: str, body: str, switch: Switch, watch: Watch) -> str | None:
    """What the PDU answers; None for what it does not have."""
    asked = _OUTLET.fullmatch(request.partition(" HTTP/")[0])
    if asked is None:
        return None
    method, outlet, watchdog = asked[1], int(asked[2]), asked[3]
    if watchdog and (method == "GET" or _SECONDS.fullmatch(body)):
        seconds = watch(outlet, None if method == "GET" else float(body))
        return None if seconds is None else f"{seconds:g}"
    if not watchdog and (method == "GET" or body in ("0", "1")):
        state = switch(outlet, None if method == "GET" else body == "1")
        return None if state is None else str(int(state))
    return None


def _http(found: str | None) -> bytes:
    status, text = ("200 OK", found) if found is not None else ("404 Not Found", "no such outlet")
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\n"
        f"Connection: close\r\n\r\n{text}"
    ).encode()


async def _finish(writer: asyncio.StreamWriter) -> None:
    try:
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    except ConnectionError:
        pass


def port_of(server: asyncio.Server) -> int:
    """The TCP port a server chose."""
    port: int = server.sockets[0].getsockname()[1]
    return port
