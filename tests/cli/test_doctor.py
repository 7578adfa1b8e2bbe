"""``rig doctor``: what it finds on this machine, and what it says of ports that are not fit."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from rig.cli import app
from rig.cli.doctor import _device, _hashing
from rig.cli.doctor_check import Check
from rig.work import backend

ROOT = Path(__file__).parents[2]
Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def ask() -> Ask:
    """ask(*words): exit code and the checks by name."""

    def ask(*words: str) -> tuple[int, dict[str, Any]]:
        done = CliRunner().invoke(app, ["doctor", "--json", *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        found = json.loads(done.stdout)
        assert found["fit"] is (done.exit_code == 0)
        return done.exit_code, {check["name"]: check for check in found["checks"]}

    return ask


@pytest.fixture
def port() -> Iterator[str]:
    """A serial device nobody uses."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave)
    os.close(slave)
    os.close(master)


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def real(tmp_path: Path, port: str, listener: int) -> Callable[..., Path]:
    """real(**slot): a fixture file of a real bench whose parts are there but for what is given."""

    def real(**changes: Any) -> Path:
        instrument = f"TCPIP::127.0.0.1::{listener}::SOCKET"
        slot = {
            "chain": port, "bridge": "/dev/null",
            "supply": {"resource": instrument, "max_volts": 20, "max_amps": 120, "max_watts": 2000},
            "meter": {"resource": "USB0::1::2::INSTR"}, "scanner": {"resource": "GPIB0::9::INSTR"},
        }
        file = tmp_path / "real.yaml"
        bench = {"fixture": "real", "simulated": False, "production": False, "slots": {"a": slot | changes}}
        file.write_text(yaml.safe_dump(bench))
        return file

    return real


def test_this_installation_is_fit(ask: Ask) -> None:
    code, checks = ask()
    assert code == 0
    assert {"rig", "Python", "labgrid", "pyserial-labgrid", "PyVISA", "numpy", "serial"} <= set(checks)
    assert checks["hashing"]["found"].split(":")[0] in {one.value for one in backend.Backend}


def test_in_words(runtime: Path) -> None:
    done = CliRunner().invoke(app, ["doctor", "--fixture", str(ROOT / "fixtures" / "sim.yaml")])
    assert done.exit_code == 0
    assert "ok   fixture: sim, station bench-a, slots slot1, slot2, slot3, slot4" in done.stdout
    assert f"ok   runtime directory: {runtime}, mode 700" in done.stdout
    assert "-    guard: not up: a run starts it" in done.stdout
    assert done.stdout.endswith("Fit for a run.\n")


def test_why_hashing_is_not_better(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(backend, "hashing", lambda: backend.choose(tmp_path))
    check = _hashing()
    assert (check.good, check.necessary) == (False, False)
    assert check.found.startswith("python: Python, hashlib (no native library: not compiled when")


def test_a_real_bench_in_order(ask: Ask, real: Callable[..., Path], runtime: Path, port: str) -> None:
    code, checks = ask("--fixture", str(real()))
    assert code == 0
    assert checks["a uart"]["found"] == f"{port} is free"
    assert checks["a supply"]["found"].endswith("takes connections")
    assert checks["a meter"]["found"].endswith("not looked at")


def test_what_the_bench_file_names_beside_the_bench(
    ask: Ask, real: Callable[..., Path], runtime: Path, listener: int, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RIG_TEST_TOKEN", "not to be shown")
    monkeypatch.setenv("RIG_TEST_KEYS", f'{{schema_version: 1, xxtea: {{1: "{"ab" * 16}"}}}}')
    file = real()
    bench = yaml.safe_load(file.read_text())
    bench["mes"] = {"url": f"http://127.0.0.1:{listener}/rig", "token_env": "RIG_TEST_TOKEN"}
    bench["plant"] = {"url": f"postgresql://rig@127.0.0.1:{listener}/rig", "secret_env": "RIG_NO_SUCH"}
    bench["eeprom"] = {"secret_env": "RIG_TEST_KEYS"}
    file.write_text(yaml.safe_dump(bench))

    code, checks = ask("--fixture", str(file))

    assert code == 0, "a plant that is away holds no run up"
    assert checks["MES"]["found"] == f"127.0.0.1:{listener} takes connections, its secret is there"
    assert "variable RIG_NO_SUCH: found nothing" in checks["plant"]["found"]
    assert checks["EEPROM keys"]["found"] == "configured: XXTEA key 1"
    assert checks["telemetry"]["found"].startswith("not configured")
    assert "not to be shown" not in str(checks)
    assert "abab" not in str(checks)


def test_what_would_hold_a_run_up(
    ask: Ask, real: Callable[..., Path], runtime: Path, tmp_path: Path, listener: int
) -> None:
    file = real()
    bench = yaml.safe_load(file.read_text())
    with socket.create_server(("127.0.0.1", 0)) as gone:
        bench["mes"] = {"url": f"http://127.0.0.1:{gone.getsockname()[1]}"}
    bench["eeprom"] = {"secret_file": str(tmp_path / "absent.yaml")}
    file.write_text(yaml.safe_dump(bench))

    code, checks = ask("--fixture", str(file))

    assert code == 3
    assert [checks[name]["good"] for name in ("MES", "EEPROM keys")] == [False, False]
    assert "absent.yaml" in checks["EEPROM keys"]["found"]


def test_a_port_that_is_not_there(ask: Ask, real: Callable[..., Path], runtime: Path) -> None:
    code, checks = ask("--fixture", str(real(chain="/dev/ttyNOSUCH7")))
    assert code == 3
    assert checks["a uart"]["good"] is False
    assert checks["a uart"]["found"] == "/dev/ttyNOSUCH7 is not there"
    assert checks["a uart"]["advice"]


def test_a_port_in_use(port: str) -> None:
    other = os.open(port, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(other, fcntl.LOCK_EX)
    assert _device("a uart", Path(port)) == Check(
        "a uart", True, f"{port} is in use, by a run or another program", necessary=False
    )
    os.close(other)
    assert _device("a uart", Path(port)).found == f"{port} is free"


def test_a_file_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "tty").touch()
    assert _device("a uart", tmp_path / "tty").good is False


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_port_without_permission(port: str) -> None:
    os.chmod(port, 0)
    assert "no permission" in _device("a uart", Path(port)).found


def test_an_instrument_that_refuses(ask: Ask, real: Callable[..., Path], runtime: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    supply = {"resource": f"TCPIP::127.0.0.1::{free}::SOCKET", "max_volts": 1, "max_amps": 1, "max_watts": 1}
    code, checks = ask("--fixture", str(real(supply=supply)))
    assert code == 3
    assert "Switch it on" in checks["a supply"]["advice"]


def test_a_calibration_that_has_ended(ask: Ask, real: Callable[..., Path], runtime: Path) -> None:
    supply = {"resource": "TCPIP::127.0.0.1::9::SOCKET", "max_volts": 1, "max_amps": 1, "max_watts": 1,
              "calibration_due": "2020-02-29"}
    _, checks = ask("--fixture", str(real(supply=supply)))
    assert "ended on 2020-02-29" in checks["a supply calibration"]["found"]
    assert checks["a supply calibration"]["good"] is False


def test_a_runtime_directory_open_to_others(ask: Ask, real: Callable[..., Path], runtime: Path) -> None:
    runtime.chmod(0o755)
    code, checks = ask("--fixture", str(real()))
    assert code == 3
    assert "mode 755" in checks["runtime directory"]["found"]


def test_guard_and_bench_that_are_up(ask: Ask, runtime: Path, port: str) -> None:
    fixture = ROOT / "fixtures" / "sim.yaml"
    doors = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    for door, name in zip(doors, ("guard.sock", "bench.sock"), strict=True):
        door.bind(str(runtime / name))
        door.listen()
    code, checks = ask("--fixture", str(fixture))
    assert (code, checks["bench ports"]["good"]) == (3, False), "a bench without its ports file"
    slots = {f"slot{n}": {"uart": port, "bridge": port} for n in range(1, 5)}
    (runtime / "bench.json").write_text(json.dumps({"slots": slots}))
    code, checks = ask("--fixture", str(fixture))
    for door in doors:
        door.close()
    assert code == 0
    assert (checks["guard"]["found"], checks["bench"]["found"]) == ("up", "up")
    assert checks["slot4 bridge"]["found"] == f"{port} is free"
    code, checks = ask("--fixture", str(fixture))
    assert checks["guard"]["good"] is False, "a socket that nobody serves"


def test_a_bad_fixture_file_is_a_usage_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["doctor", "--fixture", str(tmp_path / "none.yaml")])
    assert done.exit_code != 0
    assert "none.yaml" in str(done.exception)
