"""Runs on places of the lab: not cut when it dies, refused before power, ended for production."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from rig.lab.directory import Directory
from rig.lab.lab import Lab

PLACE = "bench-a-sim-slot1"
# A plan that is over soon and demands as much: only its times and its proof of the last chip are shorter.
SHORT = {
    "soak_seconds": 1,
    "ramp": {"step_mhz": 25.0, "step_seconds": 0.1},
    "decision": {
        "good_hit_rate": 0.995, "bad_hit_rate": 0.97, "board_risk": 1e-3, "chip_risk": 1e-3,
        "most_answers_per_chip": 7000, "trial_uncertainty": 1e-4, "most_seconds": 60,
    },
}


@pytest.fixture(scope="module")
def lab(module_lab: Any) -> Any:
    module_lab.edit(module_lab.plans / "s21pro" / "recipe.yaml", **SHORT)
    return module_lab


@pytest.fixture(scope="module")
def offered(lab: Any) -> Iterator[Lab]:
    """The bench's slots as places."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RIG_RUNTIME", str(lab.runtime))
        for name in ("LG_COORDINATOR", "LG_USERNAME", "LG_HOSTNAME"):
            patch.delenv(name, raising=False)
        made = Lab(lab.fixture)
        made.up()
        yield made
        made.down()


@pytest.fixture
def directory(offered: Lab) -> Directory:
    address = offered.state().address
    assert address is not None
    return Directory(address)


def words(lab: Any, directory: Directory, *more: str, serial: str = "S21PROTEST0000001") -> list[str]:
    return [
        sys.executable, "-m", "pytest", str(lab.plans / "s21pro"), "-p", "rig.pytestplugin",
        f"--rig-coordinator={directory.address}", "--rig-product=s21pro", f"--rig-serial={serial}",
        f"--rig-results={lab.results}", f"--rig-plans={lab.plans}", "--import-mode=importlib", *more,
    ]


def powered(lab: Any, run: subprocess.Popen[str]) -> bool:
    """Whether the board is; the bench of the run before may have ended, and the next not begun."""
    if run.poll() is not None:
        pytest.fail(f"ended before it was powered: {run.communicate()[0]}")
    try:
        return bool(lab.output())
    except (FileNotFoundError, ConnectionError, json.JSONDecodeError):
        return False


@contextmanager
def ci_run(lab: Any, directory: Directory, *more: str) -> Iterator[subprocess.Popen[str]]:
    """A run that came by a place, once its board is powered."""
    run = subprocess.Popen(
        words(lab, directory, f"--rig-scenario={lab.scenario()}", *more), env=lab.environment, cwd=lab.folder,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    try:
        lab.wait_for(lambda: powered(lab, run), 60, "the board is powered")
        yield run
    finally:
        run.kill()
        run.wait()


def record_of(lab: Any, serial: str) -> dict[str, Any]:
    """The last of a board."""
    files = sorted(lab.results.glob(f"*/{serial}-*/record.json"), key=lambda file: file.stat().st_mtime)
    return json.loads(files[-1].read_text())


def test_a_board_is_tested_to_its_end_while_the_lab_dies_and_comes_back(
    lab: Any, offered: Lab, directory: Directory
) -> None:
    before = offered.state()
    with ci_run(lab, directory, "--rig-reserve=slot=slot1,bench=simulated", "--rig-wait=60") as run:
        held = directory.places()[PLACE].acquired
        for pid in (before.coordinator_pid, before.exporter_pid):
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        lab.wait_for(lambda: not directory.answers(), 10, "the coordinator is gone")
        still_on = lab.output()
        again = offered.up()
        out, _ = run.communicate(timeout=240)

    assert held is not None
    assert held.endswith(f"-{run.pid}")
    assert still_on
    assert again.whole
    assert again.coordinator_pid != before.coordinator_pid
    assert again.places[0].acquired == held     # the slot's lock says whose it is
    assert run.returncode == 0, out
    assert record_of(lab, "S21PROTEST0000001")["verdict"] == "PASS"
    assert directory.places()[PLACE].acquired is None
    assert directory.reservations() == ()


def test_what_cannot_be_run_is_refused_before_power_and_keeps_no_place(
    lab: Any, directory: Directory
) -> None:
    def refused(*more: str, **changes: str) -> tuple[int, str]:
        done = subprocess.run(
            words(lab, directory, f"--rig-place={PLACE}", *more, **changes),
            env=lab.environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, cwd=lab.folder,
            capture_output=True, text=True, timeout=120, check=False,
        )
        return done.returncode, done.stdout + done.stderr

    wrong_serial = refused(serial="X")
    free = directory.places()[PLACE].acquired is None
    other = Directory(directory.address, user="somebody")
    other.acquire(PLACE)
    taken = refused()
    other.release(PLACE)

    assert wrong_serial[0] == 2, wrong_serial[1]
    assert "serial: found 'X'" in wrong_serial[1]
    assert free
    assert taken[0] == 2, taken[1]
    assert f"place {PLACE} is acquired by" in taken[1]
    assert len(list(lab.results.glob("*/*/journal.jsonl"))) <= 1      # of the run before, if there was one


def test_production_ends_a_run_that_came_by_a_place_and_has_the_place(lab: Any, directory: Directory) -> None:
    with ci_run(lab, directory, f"--rig-place={PLACE}") as ci:
        waits = directory.reserve({"slot": "slot1"})        # somebody is next in the lab's queue
        production = lab.start(lab.scenario(), serial="S21PROTEST0000002")
        try:
            out, _ = ci.communicate(timeout=60)
            lab.wait_for(
                lambda: directory.places()[PLACE].acquired == f"{directory.name.partition('/')[0]}/"
                f"production-{production.pid}", 30, "production has the place",
            )
            next_in_the_queue = directory.look_at(waits.token)
            lab.wait_for(lambda: powered(lab, production), 60, "production's board is powered")
            production.send_signal(signal.SIGINT)
            done = lab.finish(production)
        finally:
            production.kill()

    assert ci.returncode == 4, out
    record = record_of(lab, "S21PROTEST0000001")
    assert (record["verdict"], record["failure_code"]) == ("ABORTED", "OPR-STOP")
    at = {event["kind"]: event["at_seconds"] for event in record["events"]}
    (told,) = [event["text"] for event in record["events"] if event["kind"] == "fault"]
    assert "production wants the slot" in told
    assert at["off"] - at["fault"] <= 5
    assert next_in_the_queue is None            # sent off: who waits asks anew
    assert done.code == 4, done.err
    assert directory.places()[PLACE].acquired is None
    assert not any(slot["output"] for slot in lab.truth().values())
