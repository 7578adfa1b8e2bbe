"""A stand-in for InfluxDB 2.x's write interface, with the faults of a real one at will.

No 2.x server can be had from a package registry, so its token, bucket and error words are these, as its
documentation has them. What it is sent is read by line-protocol-parser, which knows nothing of our encoder.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from line_protocol_parser import LineFormatError, parse_line

TOKEN, ORG, BUCKET = "a token for tests", "plant", "rig"
Series = tuple[str, tuple[tuple[str, str], ...], int]


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request instead of, or beside, what should."""

    status: int | None = None           # answered, nothing is kept
    retry_after: str | None = None
    seconds: float = 0.0                # before anything
    resets_before: bool = False         # the connection, in the middle of the body: nothing is kept
    resets_after: bool = False          # all is kept, but nobody is told


@dataclass
class Kept:
    """Points by series and time, as a server has them: the same one again overwrites."""

    points: dict[Series, dict[str, Any]] = field(default_factory=dict)
    types: dict[tuple[str, str], type] = field(default_factory=dict)
    lines: int = 0                      # taken, doubles included

    def take(self, text: str) -> list[str]:
        """Keep what is right; why the others are not."""
        wrong = []
        for line in filter(None, text.split("\n")):
            try:
                told = parse_line(line)
            except LineFormatError as error:
                wrong.append(f"unable to parse '{line}': {error}")
                continue
            name, fields = told["measurement"], told["fields"]
            clash = [key for key, value in fields.items()
                     if self.types.setdefault((name, key), type(value)) is not type(value)]
            if clash:
                wrong.append(f"field type conflict: {clash[0]} of {name}")
                continue
            self.lines += 1
            place = (name, tuple(sorted(told["tags"].items())), told["time"])
            self.points.setdefault(place, {}).update(fields)
        return wrong


class FakeInflux:
    """Listens on a free port of 127.0.0.1. ``faults`` are met by the next requests, one each."""

    def __init__(self, *, most_bytes: int = 50_000_000) -> None:
        self.kept, self.faults, self.requests = Kept(), deque[Fault](), 0
        self.most_bytes = most_bytes
        self.lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """On the same port when it is started again."""
        fake = self

        class Handler(_Handler):
            owner = fake

        self._server = _Quiet(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Away; what it kept it still has."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away, or was sent away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: FakeInflux

    def do_POST(self) -> None:
        fake = self.owner
        with fake.lock:
            fake.requests += 1
            fault = fake.faults.popleft() if fake.faults else Fault()
        if fault.seconds:
            time.sleep(fault.seconds)
        length = int(self.headers["Content-Length"])
        if fault.resets_before:
            self.rfile.read(length // 2)
            return self._reset()
        body = self.rfile.read(length)
        if fault.status is not None:
            return self._answer(fault.status, "as it was told", fault.retry_after)
        status, why = self._taken(body)
        if fault.resets_after:
            return self._reset()
        return self._answer(status, why)

    def _taken(self, body: bytes) -> tuple[int, str]:
        fake, place = self.owner, urlsplit(self.path)
        query = parse_qs(place.query)
        if place.path != "/api/v2/write":
            return 404, "no such path"
        if self.headers.get("Authorization") != f"Token {TOKEN}":
            return 401, "unauthorized access"
        if query.get("bucket") != [BUCKET] or query.get("org") != [ORG] or query.get("precision") != ["ns"]:
            return 404, f'bucket "{query.get("bucket")}" not found'
        if len(body) > fake.most_bytes:
            return 413, "request entity too large"
        with fake.lock:
            wrong = fake.kept.take(body.decode())
        return (400, f"partial write: {wrong[0]} dropped={len(wrong)}") if wrong else (204, "")

    def _answer(self, status: int, why: str, retry_after: str | None = None) -> None:
        text = json.dumps({"code": "of the fake", "message": why}).encode() if status != 204 else b""
        self.send_response(status)
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _reset(self) -> None:
        """RST instead of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """A test's output is not the place."""
