"""Real runs on a simulated bench, each in a process of its own, under a real `rig station`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import rig
from proofs.stationed import Stationed, ended
from proofs.stationed import live as is_live

ROOT = Path(rig.__file__).parents[1]
SERIAL = "S21PROTEST000000{}"


class Floor:
    """A bench of four slots, its plan with a short soak, and a station that may die and come again."""

    def __init__(self, folder: Path, runtime: Path) -> None:
        self.runtime, self.results = runtime, folder / "results"
        plans, fixture = folder / "testplans", folder / "sim.yaml"
        shutil.copytree(ROOT / "testplans", plans)
        _edit(plans / "s21pro" / "recipe.yaml", soak_seconds=4)
        shutil.copy(ROOT / "fixtures" / "sim.yaml", fixture)
        _edit(fixture, unload={"volts": 1.0, "seconds": 1, "celsius": 90})
        self.scenario = folder / "scenario.yaml"
        self.scenario.write_text(yaml.safe_dump({"time_scale": 20, "boards": {}}))
        self.station = Stationed(folder, runtime, {
            "fixture": str(fixture), "scenario": str(self.scenario), "plans": str(plans),
            "results": str(self.results),
        })

    def clean_up(self) -> None:
        self.station.end(signal.SIGKILL)
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


def _edit(file: Path, **changes: Any) -> None:
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | changes, sort_keys=False))


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = Floor(tmp_path, Path(tempfile.mkdtemp(prefix="rig-")))
    yield made
    made.clean_up()


def runs_out(floor: Floor, pid: int) -> None:
    """Wait until the run ends that no station looks after."""
    deadline = time.monotonic() + 120
    while not is_dead(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert is_dead(pid), floor.runtime


def is_dead(pid: int) -> bool:
    """Gone, or a child that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].startswith("Z")
    except FileNotFoundError:
        return True


def test_a_stopped_a_killed_and_a_hung_run_stay_alone_and_a_restart_loses_none(floor: Floor) -> None:
    stationed = floor.station
    stationed.start()
    for number in (1, 2, 3, 4):
        stationed.begin(number, SERIAL.format(number))
    for number in (1, 2, 3, 4):
        stationed.when(number, is_live, 60)

    os.kill(stationed.pid("slot2"), signal.SIGKILL)
    os.kill(stationed.pid("slot3"), signal.SIGSTOP)
    assert stationed.scan("STOP-4")["outcome"] == "accepted"
    killed, hung = stationed.when(2, ended, 30), stationed.when(3, ended, 60)
    stopped = stationed.when(4, ended, 60)
    assert stationed.scan("SLOT-3")["words"]["key"] == "accepted.acknowledged"
    stationed.end(signal.SIGKILL)
    stationed.start()
    adopted = stationed.when(1, lambda tile: tile["state"] == "RUNNING", 5)
    state = stationed.state()
    stood, notices = state["tiles"][1:], [notice["key"] for notice in state["notices"]]
    stationed.end(signal.SIGKILL)
    runs_out(floor, stationed.pid("slot1"))
    stationed.start()
    passed = stationed.when(1, ended, 20)

    assert [(tile["state"], tile["code"]) for tile in (killed, hung)] == [("STATION_FAULT", "STN-GUARD")] * 2
    assert killed["needs_ack"]
    assert (stopped["state"], stopped["code"]) == ("STOPPED", "OPR-STOP")
    assert "0417" in stopped["sentence"]["text"]
    assert [(tile["state"], tile["code"], tile["needs_ack"]) for tile in stood] == [
        ("STATION_FAULT", "STN-GUARD", True), ("STATION_FAULT", "STN-GUARD", False),
        ("STOPPED", "OPR-STOP", False),
    ]
    assert stood[2]["sentence"] == stopped["sentence"]
    assert adopted["serial"] == SERIAL.format(1)
    assert notices == ["notice.restarted"]
    assert (passed["state"], passed["grade"]) == ("PASS", "L1")
    assert min(passed["board"]["hit_shares"]) > 0.98
    record = json.loads(next(floor.results.glob(f"*/*-{passed['run_id']}/record.json")).read_text())
    pressed = [event["text"] for event in record["events"] if event["kind"] == "press"]
    assert [press.split(" at ")[0] for press in pressed] == [
        "0417 scanned SLOT-1", f"0417 scanned {SERIAL.format(1)}"
    ]
    assert record["operator"] == "0417"


def test_a_board_that_cannot_begin_is_told_and_powers_nothing(floor: Floor) -> None:
    stationed = floor.station
    floor.scenario.write_text("boards: {slot1: {faults: [{kind: gremlin}]}}")
    stationed.start()

    stationed.begin(1, SERIAL.format(1))
    tile = stationed.when(1, ended, 20)

    assert (tile["state"], tile["run_id"]) == ("STOPPED", None)
    assert "gremlin" in tile["sentence"]["text"]
