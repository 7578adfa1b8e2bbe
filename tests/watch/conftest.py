"""A bench file with nothing behind it, and a receiver of webhooks that does as it is told."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

import rig
from rig.watch.place import Place

ROOT = Path(rig.__file__).parents[1]
MakePlace = Callable[..., Place]


@pytest.fixture
def make_place(runtime: Path, tmp_path: Path) -> MakePlace:
    """make_place(watch={…}, telemetry={…} …): the simulated bench's file with those sections."""
    def make(**sections: Any) -> Place:
        values = yaml.safe_load((ROOT / "fixtures" / "sim.yaml").read_text()) | sections
        file = tmp_path / "sim.yaml"
        file.write_text(yaml.safe_dump(values, sort_keys=False))
        (tmp_path / "results").mkdir(exist_ok=True)
        return Place.find(file, tmp_path / "results")

    return make


class Receiver:
    """Listens on a free port of 127.0.0.1; ``statuses`` are its next answers, then 204."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.tokens: list[str | None] = []
        self.statuses: deque[int] = deque()
        self.silent = threading.Event()         # set: takes messages and never answers
        self._over = threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if owner.silent.is_set():
                    owner._over.wait(30)
                    return
                status = owner.statuses.popleft() if owner.statuses else 204
                if status == 204:
                    owner.messages.append(body)
                    owner.tokens.append(self.headers.get("Authorization"))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """A test's output is not the place."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def events(self) -> list[tuple[str, str]]:
        """Name and what happened, in the order they came."""
        return [(one["name"], one["happened"]) for message in self.messages for one in message["events"]]

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()
