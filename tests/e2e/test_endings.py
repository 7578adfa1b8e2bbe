"""However a run ends, the board is off, the record tells the truth and the next run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest


def start_live(lab: Any, **changes: str) -> subprocess.Popen[str]:
    child: subprocess.Popen[str] = lab.start(lab.scenario(), **changes)
    slot = changes.get("slot", "slot1")

    def live() -> bool:
        if child.poll() is not None:
            pytest.fail("ended before it was live:\n" + "".join(child.communicate()))
        try:
            return bool(lab.output(slot))
        except (FileNotFoundError, ConnectionError, json.JSONDecodeError):
            return False

    lab.wait_for(live, 60, "output on")
    return child


def test_killed_run_is_off_within_a_second_and_closed_by_the_next(lab: Any) -> None:
    child = start_live(lab)

    child.kill()
    child.communicate()
    lab.wait_for(lambda: lab.truth()["slot1"]["amps"] < 1 and not lab.output(), 1.0, "off after SIGKILL")

    (journal,) = lab.results.glob("*/*/journal.jsonl")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [line["n"] for line in lines] == list(range(len(lines)))
    done = lab.run({"kind": "eeprom_absent"})
    assert done.summary["failure_code"] == "EEPROM-NONE", done.err
    dead = json.loads((journal.parent / "record.json").read_text())
    assert (dead["verdict"], dead["failure_code"]) == ("ABORTED", "STN-GUARD")


def test_stopped_process_loses_its_lease(lab: Any) -> None:
    child = start_live(lab)

    child.send_signal(signal.SIGSTOP)
    try:
        lab.wait_for(lambda: not lab.output(), 2.0, "off after SIGSTOP")
    finally:
        child.send_signal(signal.SIGCONT)
    done = lab.finish(child)
    assert done.code == 3
    assert done.summary["failure_code"] == "STN-GUARD"


def test_a_killed_guard_is_followed_by_one_that_switches_off(lab: Any) -> None:
    child = start_live(lab)

    os.kill(int(json.loads((lab.runtime / "guard.lock").read_text())["pid"]), signal.SIGKILL)

    lab.wait_for(lambda: not lab.output(), 15.0, "off by a new guard")
    done = lab.finish(child)
    assert done.code == 3
    assert done.summary["failure_code"] == "STN-GUARD"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_is_off_and_says_aborted(lab: Any, number: signal.Signals) -> None:
    child = start_live(lab)

    child.send_signal(number)
    done = lab.finish(child, 30)

    assert done.code == 4, done.err
    assert (done.summary["verdict"], done.summary["failure_code"]) == ("ABORTED", "OPR-STOP")
    assert done.summary["board_verdict"] is None
    assert lab.truth()["slot1"]["amps"] < 1
    assert Path(done.summary["record"]).exists()


def test_two_slots_at_once_and_a_slot_under_lease_refuses(lab: Any) -> None:
    first = start_live(lab)
    second = lab.start(lab.scenario({"kind": "sensor_absent", "sensor": 1}, slot="slot2"), slot="slot2")

    refused = lab.finish(lab.start(lab.scenario()))
    assert refused.code == 2
    assert "under lease" in refused.err
    assert refused.summary["verdict"] is None

    assert lab.finish(second).summary["failure_code"] == "SENSOR-NONE"
    first.send_signal(signal.SIGINT)
    assert lab.finish(first).code == 4


def test_plain_pytest_ends_with_the_same_code(lab: Any) -> None:
    scenario = lab.scenario({"kind": "sensor_absent", "sensor": 0})
    words = [
        sys.executable, "-m", "pytest", str(lab.plans / "s21pro"), "-p", "rig.pytestplugin",
        f"--rig-fixture={lab.fixture}", "--rig-slot=slot1", "--rig-product=s21pro",
        "--rig-serial=S21PROTEST0000001", f"--rig-scenario={scenario}", f"--rig-results={lab.results}",
        f"--rig-plans={lab.plans}", "--import-mode=importlib",
    ]
    done = subprocess.run(
        words, env=lab.environment, cwd=lab.folder, capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 1, done.stdout + done.stderr
    (record,) = lab.results.glob("*/*/record.json")
    assert json.loads(record.read_text())["failure_code"] == "SENSOR-NONE"


def test_a_bench_that_is_up_is_used_and_left_up(lab: Any) -> None:
    scenario = lab.scenario({"kind": "eeprom_absent"})
    words = [sys.executable, "-m", "rig", "sim", "--fixture", str(lab.fixture), "--plans", str(lab.plans)]
    words += ["--scenario", str(scenario), "--json"]
    with subprocess.Popen(words, env=lab.environment, text=True, stdout=subprocess.PIPE) as bench:
        assert bench.stdout is not None
        ports = json.loads(bench.stdout.readline())
        assert set(ports["slots"]["slot1"]) == {"uart", "bridge", "supply", "meter", "scanner"}

        done = lab.finish(lab.start(None))          # the board that stands there, not a fresh one

        assert done.summary["failure_code"] == "EEPROM-NONE", done.err
        assert bench.poll() is None
        truth = lab.truth()["slot1"]
        assert truth.pop("off_since") < time.monotonic()
        assert truth == {
            "output": False, "volts": pytest.approx(0, abs=1), "amps": pytest.approx(0, abs=1),
            "celsius": pytest.approx(25, abs=3), "hashing": 0,
        }
        bench.send_signal(signal.SIGTERM)
        assert bench.wait(10) == 0
