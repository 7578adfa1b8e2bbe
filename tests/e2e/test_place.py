"""A run on a labgrid place: taken for it, and not cut when coordinator and exporter die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from rig.lab.directory import Directory
from rig.lab.lab import Lab

PLACE = "bench-a-sim-slot1"


@pytest.fixture
def offered(lab: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """The bench's slots as places."""
    monkeypatch.setenv("RIG_RUNTIME", str(lab.runtime))
    made = Lab(lab.fixture)
    made.up()
    yield made
    made.down()


def words(lab: Any, address: str, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "pytest", str(lab.plans / "s21pro"), "-p", "rig.pytestplugin",
        f"--rig-place={PLACE}", f"--rig-coordinator={address}", "--rig-product=s21pro",
        "--rig-serial=S21PROTEST0000001", f"--rig-results={lab.results}", f"--rig-plans={lab.plans}",
        "--import-mode=importlib", *more,
    ]


def test_a_board_is_tested_to_its_end_while_the_lab_dies_and_comes_back(lab: Any, offered: Lab) -> None:
    before = offered.state()
    address = before.address
    assert address is not None
    directory = Directory(address)
    run = subprocess.Popen(
        words(lab, address, f"--rig-scenario={lab.scenario()}"), env=lab.environment, cwd=lab.folder,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    try:
        lab.wait_for((lab.runtime / "bench.json").exists, 60, "the bench is up")
        lab.wait_for(lab.output, 60, "the board is powered")
        held = directory.places()[PLACE].acquired
        for pid in (before.coordinator_pid, before.exporter_pid):
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        lab.wait_for(lambda: not directory.answers(), 10, "the coordinator is gone")
        still_on = lab.output()
        again = offered.up()
        out, _ = run.communicate(timeout=240)
    finally:
        run.kill()

    assert held is not None
    assert held.endswith(f"-{run.pid}")
    assert still_on
    assert again.whole
    assert again.coordinator_pid != before.coordinator_pid
    assert run.returncode == 0, out
    (record,) = lab.results.glob("*/*/record.json")
    assert json.loads(record.read_text())["verdict"] == "PASS"
    assert directory.places()[PLACE].acquired is None


def test_a_place_that_somebody_has_is_refused_before_power(lab: Any, offered: Lab) -> None:
    address = offered.state().address
    assert address is not None
    Directory(address, user="somebody").acquire(PLACE)

    done = subprocess.run(
        words(lab, address), env=lab.environment, cwd=lab.folder, capture_output=True, text=True, timeout=120,
        check=False,
    )

    assert done.returncode == 2, done.stdout + done.stderr
    assert f"place {PLACE} is acquired by" in done.stdout + done.stderr
    assert not (lab.runtime / "bench.json").exists()


def test_production_ends_a_run_that_came_by_a_place(lab: Any, offered: Lab) -> None:
    address = offered.state().address
    assert address is not None
    ci = subprocess.Popen(
        words(lab, address, f"--rig-scenario={lab.scenario()}"), env=lab.environment, cwd=lab.folder,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    try:
        lab.wait_for((lab.runtime / "bench.json").exists, 60, "the bench is up")
        lab.wait_for(lab.output, 60, "the board is powered")
        production = lab.run({"kind": "sensor_absent", "sensor": 0}, serial="S21PROTEST0000002")
        out, _ = ci.communicate(timeout=60)
    finally:
        ci.kill()

    assert production.summary["failure_code"] == "SENSOR-NONE", production.err
    assert ci.returncode == 4, out
    (file,) = lab.results.glob("*/S21PROTEST0000001-*/record.json")
    record = json.loads(file.read_text())
    assert (record["verdict"], record["failure_code"]) == ("ABORTED", "OPR-STOP")
    at = {event["kind"]: event["at_seconds"] for event in record["events"]}
    (told,) = [event["text"] for event in record["events"] if event["kind"] == "fault"]
    assert "production wants the slot" in told
    assert at["off"] - at["fault"] <= 5
    assert Directory(address).places()[PLACE].acquired is None
