"""Real runs on a simulated bench, each in a process of its own, under a real `rig station`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

import rig
from rig.station.badges import add_badge
from rig.station.roles import Role

ROOT = Path(rig.__file__).parents[1]
SERIAL = "S21PROTEST000000{}"


class Stationed:
    """A bench of four slots, its plan with a short soak, and a station that may die and come again."""

    def __init__(self, folder: Path, runtime: Path) -> None:
        self.folder, self.runtime = folder, runtime
        self.results, self.plans = folder / "results", folder / "testplans"
        shutil.copytree(ROOT / "testplans", self.plans)
        self._edit(self.plans / "s21pro" / "recipe.yaml", soak_seconds=4)
        shutil.copy(ROOT / "fixtures" / "sim.yaml", folder / "sim.yaml")
        self._edit(folder / "sim.yaml", unload={"volts": 1.0, "seconds": 1, "celsius": 90})
        self.scenario = folder / "scenario.yaml"
        self.scenario.write_text(yaml.safe_dump({"time_scale": 20, "boards": {}}))
        self.code = add_badge(folder / "badges.yaml", "0417", "Ada", Role.OPERATOR, None).text
        self.process: subprocess.Popen[str] | None = None

    @staticmethod
    def _edit(file: Path, **changes: Any) -> None:
        file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | changes, sort_keys=False))

    def start(self) -> None:
        options = {"fixture": "sim.yaml", "scenario": "scenario.yaml", "plans": "testplans", "port": "0"}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        with (self.folder / "station.out").open("a") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rig", "station", *words], cwd=self.folder, text=True,
                env=os.environ | {"RIG_RUNTIME": str(self.runtime)}, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=errors,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "The station is up" in line, (self.folder / "station.out").read_text()
        self.client = httpx.Client(base_url=line.split("up: ")[1].split("/?")[0], timeout=20)
        answer = self.client.post("/api/session/badge", json={"id": str(uuid.uuid4()), "badge": self.code})
        self.client.headers["x-rig-csrf"] = answer.json()["csrf"]

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None and self.process.stdout is not None:
            self.client.close()
            self.process.send_signal(number)
            self.process.wait(30)
            self.process.stdout.close()
            self.process = None

    def scan(self, text: str) -> dict[str, Any]:
        body = {"id": str(uuid.uuid4()), "text": text}
        found: dict[str, Any] = self.client.post("/api/scan", json=body).json()
        return found

    def begin(self, number: int) -> None:
        self.scan(f"SLOT-{number}")
        assert self.scan(SERIAL.format(number))["outcome"] == "accepted"

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get("/api/state").json()
        return found

    def tile(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = self.state()["tiles"][number - 1]
        return found

    def when(self, number: int, happened: Callable[[dict[str, Any]], bool], seconds: float) -> dict[str, Any]:
        """The slot's tile as soon as it is as wanted."""
        deadline = time.monotonic() + seconds
        while not happened(tile := self.tile(number)):
            assert time.monotonic() < deadline, f"not within {seconds} s: {tile}"
            time.sleep(0.1)
        return tile

    def pid(self, number: int) -> int:
        return int(json.loads((self.runtime / f"slot-slot{number}.lock").read_text())["pid"])

    def clean_up(self) -> None:
        self.end(signal.SIGKILL)
        for role in ("guard", "bench"):
            try:
                pid = int(json.loads((self.runtime / f"{role}.lock").read_text())["pid"])
                os.kill(pid, signal.SIGTERM)
            except (FileNotFoundError, ValueError, KeyError, ProcessLookupError):
                continue
            deadline = time.monotonic() + 10
            while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
                time.sleep(0.02)
        shutil.rmtree(self.runtime, ignore_errors=True)


@pytest.fixture
def stationed(tmp_path: Path) -> Iterator[Stationed]:
    made = Stationed(tmp_path, Path(tempfile.mkdtemp(prefix="rig-")))
    yield made
    made.clean_up()


def live(tile: dict[str, Any]) -> bool:
    return tile["state"] == "RUNNING" and (tile["volts"] or 0) > 5


def ended(tile: dict[str, Any]) -> bool:
    return tile["state"] in ("PASS", "MARGINAL", "FAIL", "RETEST", "STATION_FAULT", "STOPPED")


def test_a_stopped_a_killed_and_a_hung_run_stay_alone_and_a_restart_loses_none(stationed: Stationed) -> None:
    stationed.start()
    for number in (1, 2, 3, 4):
        stationed.begin(number)
    for number in (1, 2, 3, 4):
        stationed.when(number, live, 60)

    os.kill(stationed.pid(2), signal.SIGKILL)
    os.kill(stationed.pid(3), signal.SIGSTOP)
    assert stationed.scan("STOP-4")["outcome"] == "accepted"
    killed, hung = stationed.when(2, ended, 30), stationed.when(3, ended, 60)
    stopped = stationed.when(4, ended, 60)
    stationed.end(signal.SIGKILL)
    stationed.start()
    adopted = stationed.when(1, lambda tile: tile["state"] == "RUNNING", 5)
    notices = [notice["key"] for notice in stationed.state()["notices"]]
    passed = stationed.when(1, ended, 120)

    assert [(tile["state"], tile["code"]) for tile in (killed, hung)] == [("STATION_FAULT", "STN-GUARD")] * 2
    assert killed["needs_ack"]
    assert (stopped["state"], stopped["code"]) == ("STOPPED", "OPR-STOP")
    assert "0417" in stopped["sentence"]["text"]
    assert adopted["serial"] == SERIAL.format(1)
    assert notices == ["notice.restarted"]
    assert (passed["state"], passed["grade"]) == ("PASS", "L1")
    assert min(passed["board"]["hit_shares"]) > 0.98
    record = json.loads(next(stationed.results.glob(f"*/*-{passed['run_id']}/record.json")).read_text())
    pressed = [event["text"] for event in record["events"] if event["kind"] == "press"]
    assert [press.split(" at ")[0] for press in pressed] == [
        "0417 scanned SLOT-1", f"0417 scanned {SERIAL.format(1)}"
    ]
    assert record["operator"] == "0417"


def test_a_board_that_cannot_begin_is_told_and_powers_nothing(stationed: Stationed) -> None:
    stationed.scenario.write_text("boards: {slot1: {faults: [{kind: gremlin}]}}")
    stationed.start()

    stationed.begin(1)
    tile = stationed.when(1, ended, 20)

    assert (tile["state"], tile["run_id"]) == ("STOPPED", None)
    assert "gremlin" in tile["sentence"]["text"]
