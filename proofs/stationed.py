"""A real `rig station` as a process, and a person with a scanner in front of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from rig.station.badges import add_badge
from rig.station.roles import Role

READY_SECONDS, END_SECONDS = 60.0, 30.0
Tile = dict[str, Any]


class Stationed:
    """Started, killed and started again on the same bench. ``options``: those of ``rig station``."""

    def __init__(self, folder: Path, runtime: Path, options: Mapping[str, str]) -> None:
        self._folder, self._runtime = folder, runtime
        self.code = add_badge(folder / "badges.yaml", "0417", "Ada", Role.OPERATOR, None).text
        self._options = {"port": "0", "badges": str(folder / "badges.yaml"), **options}
        self.process: subprocess.Popen[str] | None = None
        self.client = httpx.Client()

    def start(self) -> None:
        """Up, and a badge scanned. Raises RuntimeError with what it printed when it is not."""
        words = [word for name, value in self._options.items() for word in (f"--{name}", value)]
        with (self._folder / "station.out").open("a") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rig", "station", *words], cwd=self._folder, text=True,
                env=os.environ | {"RIG_RUNTIME": str(self._runtime)}, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=errors,
            )
        line = self.process.stdout.readline() if self.process.stdout else ""
        if "The station is up: " not in line:
            raise RuntimeError(f"no station: {line}{(self._folder / 'station.out').read_text()}")
        self.client.close()
        self.client = httpx.Client(base_url=line.split("up: ")[1].split("/?")[0], timeout=20)
        answer = self.client.post("/api/session/badge", json={"id": str(uuid.uuid4()), "badge": self.code})
        self.client.headers["x-rig-csrf"] = answer.json()["csrf"]

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Struck, and waited for; its runs are left alone."""
        self.client.close()
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(END_SECONDS)
            if self.process.stdout is not None:
                self.process.stdout.close()
            self.process = None

    def scan(self, text: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.post(
            "/api/scan", json={"id": str(uuid.uuid4()), "text": text}
        ).json()
        return found

    def begin(self, number: int, serial: str) -> None:
        """A slot and a board are scanned. Raises RuntimeError when they are refused."""
        self.scan(f"SLOT-{number}")
        answer = self.scan(serial)
        if answer["outcome"] != "accepted":
            raise RuntimeError(answer["words"]["text"])

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get("/api/state").json()
        return found

    def tile(self, number: int) -> Tile:
        found: Tile = self.state()["tiles"][number - 1]
        return found

    def when(self, number: int, happened: Callable[[Tile], bool], seconds: float) -> Tile:
        """The slot's tile as soon as it is as wanted. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not happened(tile := self.tile(number)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {seconds} s: {tile}")
            time.sleep(0.1)
        return tile

    def pid(self, slot: str) -> int:
        """The process that runs in the slot."""
        return int(json.loads((self._runtime / f"slot-{slot}.lock").read_text())["pid"])


def live(tile: Tile) -> bool:
    return tile["state"] == "RUNNING" and (tile["volts"] or 0) > 5


def ended(tile: Tile) -> bool:
    return tile["state"] in ("PASS", "MARGINAL", "FAIL", "RETEST", "STATION_FAULT", "STOPPED")
