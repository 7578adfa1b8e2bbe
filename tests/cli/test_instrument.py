"""`rig instrument check` as a process: on a plain socket, and on a bench's own instruments."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import rig
from rig.clock import SystemClock
from rig.errors import GuardError
from rig.guard.client import GuardClient
from rig.runtime import Runtime

ROOT = Path(rig.__file__).parents[1]
SLOT = {"supply": {"max_volts": 20, "max_amps": 120, "max_watts": 2000}, "meter": {}, "scanner": {}}


def rig_command(*words: str, runtime: Path | None = None, **options: Any) -> subprocess.Popen[str]:
    environment = os.environ | ({"RIG_RUNTIME": str(runtime)} if runtime else {})
    return subprocess.Popen(
        [sys.executable, "-m", "rig", *words], cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


class PlainSupply:
    """A supply on a socket."""

    def __init__(self) -> None:
        self.levels = {"VOLT": 0.0, "CURR": 0.0, "VOLT:PROT": 9.0, "CURR:PROT": 9.0}
        self.on = False
        self.was_on = threading.Event()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.resource = f"TCPIP::127.0.0.1::{self._door.getsockname()[1]}::SOCKET"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        try:
            with link, link.makefile("r") as lines:
                for line in lines:
                    answer = self._answer(line.strip())
                    if answer is not None:
                        link.sendall(f"{answer}\n".encode())
        except OSError:
            return

    def _answer(self, line: str) -> str | None:
        name, _, value = line.partition(" ")
        if name in self.levels and value:
            self.levels[name] = float(value)
        if line in ("OUTP ON", "OUTP OFF"):
            self.on = line == "OUTP ON"
            if self.on:
                self.was_on.set()
        answers = {"*IDN?": "ACME,PSU,7,1", "OUTP?": str(int(self.on)), "MEAS:CURR?": "0",
                   "MEAS:VOLT?": str(self.levels["VOLT"] * self.on), "SYST:ERR?": '0,"No error"',
                   "MEAS:POW?": "0", "STAT:QUES:COND?": "0", "STAT:OPER:COND?": "1" if self.on else "4"}
        return answers.get(line) or (str(self.levels[line[:-1]]) if line[:-1] in self.levels else None)


@pytest.fixture
def plain() -> Iterator[PlainSupply]:
    supply = PlainSupply()
    yield supply
    supply.close()


def test_a_plain_supply_is_fit(plain: PlainSupply) -> None:
    code, out, _ = finished(rig_command("instrument", "check", plain.resource, "--json"))

    found = json.loads(out)
    assert (code, found["ok"], found["role"], found["family"]) == (0, True, "supply", "scpi99")
    assert not plain.on


def test_ctrl_c_leaves_the_output_off(plain: PlainSupply) -> None:
    process = rig_command("instrument", "check", plain.resource)
    assert plain.was_on.wait(30)
    process.send_signal(signal.SIGINT)

    code, out, err = finished(process)

    assert code == 4
    assert "stopped" in err
    assert "Fit" not in out
    assert not plain.on


def test_words_that_do_not_fit_are_a_usage_error(plain: PlainSupply) -> None:
    code, _, err = finished(rig_command("instrument", "check", plain.resource, "--family", "nonesuch"))
    assert (code, "nonesuch" in err) == (2, True)
    code, _, err = finished(rig_command("instrument", "check", "GPIB0::5::INSTR"))
    assert (code, "SOCKET" in err) == (2, True)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[tuple[Path, Path, dict[str, Any]]]:
    """A bench whose slot1 is empty and whose slot2 holds a board: fixture file, runtime, ports."""
    fixture, scenario = tmp_path / "bench.yaml", tmp_path / "scenario.yaml"
    fixture.write_text(yaml.safe_dump({"fixture": "lend", "simulated": True, "board": "s21pro",
                                       "slots": {"slot1": SLOT, "slot2": SLOT}}))
    scenario.write_text(yaml.safe_dump({"boards": {"slot1": {"faults": [{"kind": "board_removed"}]}}}))
    runtime = Path(tempfile.mkdtemp(prefix="rig-"))
    process = rig_command("sim", "--fixture", str(fixture), "--scenario", str(scenario), runtime=runtime)
    deadline = time.monotonic() + 30
    while not Runtime(runtime).bench_ports.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield fixture, runtime, json.loads(Runtime(runtime).bench_ports.read_text())["slots"]
    process.terminate()
    process.communicate(timeout=30)
    shutil.rmtree(runtime)


def test_a_fixtures_instruments_are_lent_for_an_empty_slot_only(
    bench: tuple[Path, Path, dict[str, Any]]
) -> None:
    fixture, runtime, ports = bench

    def check(resource: str) -> tuple[int, str, str]:
        return finished(rig_command("instrument", "check", resource, "--fixture", str(fixture), "--json",
                                    runtime=runtime))

    code, out, _ = check(ports["slot1"]["supply"])
    assert (code, json.loads(out)["family"]) == (0, "scpi99")

    code, _, err = check(ports["slot2"]["supply"])
    assert (code, "board in the slot" in err) == (2, True)

    code, _, err = check("TCPIP::127.0.0.1::9::SOCKET")
    assert (code, "not named" in err) == (2, True)

    guard = Runtime(runtime).lock("guard")
    assert guard.try_acquire()
    code, _, err = check(ports["slot1"]["supply"])
    guard.release()
    assert (code, "guard is starting or ending" in err) == (2, True)

    code, _, err = finished(rig_command("instrument", "check", ports["slot1"]["supply"], "--volts", "5",
                                        "--fixture", str(fixture), runtime=runtime))
    assert (code, "5 V" in err, "at most 1 V" in err) == (2, True, True)


@pytest.fixture
def guarded(bench: tuple[Path, Path, dict[str, Any]]) -> Iterator[tuple[Path, Path, dict[str, Any]]]:
    """The same bench with its guard up and slot1 proved off."""
    fixture, runtime, _ = bench
    process = rig_command("guard", "--fixture", str(fixture), runtime=runtime)
    wait_for(lambda: Runtime(runtime).guard_socket.exists(), 30)
    wait_for(lambda: state_of(runtime)["state"] == "off", 30)
    yield bench
    process.terminate()
    process.communicate(timeout=30)


def wait_for(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def state_of(runtime: Path, slot: str = "slot1") -> dict[str, Any]:
    client = GuardClient(Runtime(runtime).guard_socket, slot, "status", SystemClock())
    try:
        return dict(client.status()[slot])
    finally:
        client.close()


def off_since(runtime: Path) -> float | None:
    """When slot1's output went off, by the bench's own physics; None while it is on."""
    host, port = json.loads(Runtime(runtime).bench_ports.read_text())["truth"].split(":")
    with socket.create_connection((host, int(port)), 10) as door, door.makefile() as lines:
        truth = json.loads(lines.readline())["slots"]["slot1"]
    return None if truth["off_since"] is None else float(truth["off_since"])


def test_a_guard_that_is_up_lends_the_supply_of_an_empty_slot(
    guarded: tuple[Path, Path, dict[str, Any]]
) -> None:
    fixture, runtime, ports = guarded

    def check(resource: str) -> tuple[int, str, str]:
        return finished(rig_command("instrument", "check", resource, "--fixture", str(fixture), "--json",
                                    runtime=runtime))

    code, out, err = check(ports["slot1"]["supply"])
    assert (code, json.loads(out)["ok"], err) == (0, True, "")

    code, _, err = check(ports["slot2"]["supply"])
    assert (code, err.count("\n")) == (2, 1)
    assert "found a board in the slot, expected none" in err

    code, out, _ = check(ports["slot1"]["meter"])
    assert (code, json.loads(out)["role"]) == (0, "meter")
    code, _, err = check(ports["slot2"]["scanner"])
    assert (code, "found a board in the slot" in err) == (2, True)
    wait_for(lambda: state_of(runtime)["state"] == "off", 10)


def test_a_check_that_is_killed_leaves_nothing_on_and_keeps_runs_out_before(
    guarded: tuple[Path, Path, dict[str, Any]]
) -> None:
    fixture, runtime, ports = guarded
    process = rig_command("instrument", "check", ports["slot1"]["supply"], "--fixture", str(fixture),
                          runtime=runtime)
    wait_for(lambda: off_since(runtime) is None, 60)
    status = state_of(runtime)
    assert (status["state"], status["loan"]["pid"]) == ("lent", process.pid)
    run = GuardClient(Runtime(runtime).guard_socket, "slot1", "run", SystemClock())
    with pytest.raises(GuardError, match="lent to a check"):
        run.lease()
    run.close()

    struck = time.monotonic()
    process.kill()
    process.communicate(timeout=30)

    wait_for(lambda: off_since(runtime) is not None, 10)
    assert (off_since(runtime) or 0) - struck < 1.0
    wait_for(lambda: state_of(runtime)["state"] == "off", 10)
