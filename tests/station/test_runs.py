"""Real runs on a simulated bench, each in a process of its own, under a real `rig station`."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from proofs.stationed import ended
from proofs.stationed import live as is_live
from tests.station.floor import SERIAL, Floor


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = Floor(tmp_path, Path(tempfile.mkdtemp(prefix="rig-")), {},
                 unload={"volts": 1.0, "seconds": 1, "celsius": 90})
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
    """One story, since a run takes as long as its wire does; at its end a board that cannot begin."""
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
    floor.scenario.write_text("boards: {slot4: {faults: [{kind: gremlin}]}}")
    stationed.begin(4, SERIAL.format(5))
    not_begun = stationed.when(4, lambda tile: ended(tile) and tile["serial"] == SERIAL.format(5), 20)

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
    assert (not_begun["state"], not_begun["run_id"]) == ("STOPPED", None)
    assert "gremlin" in not_begun["sentence"]["text"]
