"""A factory's system for tests: a real HTTP server on a free port of 127.0.0.1, with faults on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "of-the-stand-in"


@dataclass
class StandIn:
    """What it was asked and told, and how it behaves.

    ``routes``: by serial, what the plain dialect answers instead of yes. ``status``, ``raw``: of every
    answer. ``loses_answers``: it takes results and hangs up. ``hangs``: it waits until it is let go.
    """

    port: int = 0
    routes: dict[str, dict[str, Any]] = field(default_factory=dict)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    token: str | None = None
    status: int = 200
    raw: bytes | None = None
    code: str = "000000"                # of the incumbent's answers
    refuses: bool = False               # results, for good
    loses_answers: bool = False
    hangs: bool = False
    let_go: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mes"

    def answer(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> tuple[int, bytes]:
        self.requests.append((path, headers, body))
        if self.hangs:
            self.let_go.wait(30)
        if self.raw is not None or self.status != 200:
            return self.status, b"out of order" if self.raw is None else self.raw
        if self.token is not None and not self._knows(headers, body):
            return 401, b'{"text": "who are you?"}'
        return 200, json.dumps(self._said(path, headers, body)).encode()

    def _knows(self, headers: dict[str, str], body: dict[str, Any]) -> bool:
        key = body.get("params", {}).get("key") if "jsonrpc" in body else None
        return self.token == key or headers.get("authorization") == f"Bearer {self.token}"

    def _said(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        if body.get("jsonrpc"):
            if body["method"] == "fixture.submit_result" and self.code == "000000":
                self.results[headers["idempotency-key"]] = body["params"]["datas"][0]
            return {"id": 0, "jsonrpc": "2.0", "result": {"code": self.code, "msg": "as configured"}}
        if path.endswith("/route"):
            return self.routes.get(body["serial"], {"may_run": True})
        if self.refuses:
            return {"accepted": False, "text": "no such order"}
        self.results[body["run_id"]] = body
        return {"accepted": True}


@contextmanager
def mes_standin() -> Iterator[StandIn]:
    """One that runs until the block ends."""
    standin = StandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, said = standin.answer(self.path, headers, body)
            self.close_connection = True
            if standin.loses_answers:
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.send_header("Connection", "close")
            if 300 <= status < 400:
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that went away."""

    with Server(("127.0.0.1", 0), Handler) as server:
        standin.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield standin
        finally:
            standin.let_go.set()
            server.shutdown()
            thread.join()
