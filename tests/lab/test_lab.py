"""The lab of a bench: labgrid's own coordinator and exporter, on the loopback, killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rig.cli import app
from rig.errors import StationFault, UsageError
from rig.lab.directory import Directory
from rig.lab.hold import held_place
from rig.lab.lab import Lab, LabState

SLOTS = [f"slot{number}" for number in range(1, 17)]
FIRST = "bench-a16-sim-16-slot1"


def kill(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def test_every_slot_is_a_place_on_the_loopback_with_tags(bench: Path, state: LabState) -> None:
    host, _, port = str(state.address).rpartition(":")
    listening = Path("/proc/net/tcp6").read_text() + Path("/proc/net/tcp").read_text()

    assert [place.name for place in state.places] == [f"bench-a16-sim-16-{slot}" for slot in SLOTS]
    assert host == "127.0.0.1"
    assert f"0100007F:{int(port):04X}" in listening
    assert f"00000000:{int(port):04X}" not in listening
    first = state.places[0]
    assert first.tags == {
        "station": "bench-a16", "fixture": "sim-16", "slot": "slot1", "bench": "simulated",
        "host": socket.gethostname().lower(), "board": "s21pro", "product": "s21pro",
        "state": "up", "production": "open",
    }
    assert first.slot is not None
    assert first.slot["fixture_file"] == str(bench.resolve())
    assert first.slot["meter_family"] == "wt300e"


def test_what_lives_and_is_right_stays(bench: Path, state: LabState) -> None:
    again = Lab(bench).up()

    assert (again.coordinator_pid, again.exporter_pid) == (state.coordinator_pid, state.exporter_pid)


def test_sixteen_places_and_twenty_who_want_one(directory: Directory) -> None:
    """Every client waits in the coordinator's queue and holds what it got until all sixteen are out; nobody
    ever holds what another does."""
    held: list[tuple[str, str]] = []            # what a client has just taken, as (client, place)
    out, all_out = threading.Lock(), threading.Event()

    def client(number: int) -> str:
        me = Directory(directory.address, user=f"client{number}")
        found = me.reserve({"fixture": "sim-16"})
        while found.place is None:
            time.sleep(0.1)
            again = me.look_at(found.token)
            assert again is not None
            found = again
        me.acquire(found.place)
        with out:
            held.append((me.name, found.place))
            if len(held) == len(SLOTS):
                all_out.set()
        assert all_out.wait(30)
        assert me.places()[found.place].acquired == me.name
        me.release(found.place)
        me.give_up(found.token)
        return found.place

    with ThreadPoolExecutor(20) as clients:
        got = list(clients.map(client, range(20)))

    assert {place for _, place in held[:16]} == {f"bench-a16-sim-16-{slot}" for slot in SLOTS}
    assert (len(held), len(got)) == (20, 20)
    assert all(directory.places()[place].acquired is None for place in got)
    assert directory.reservations() == ()


def test_a_place_is_one_processs_at_a_time(bench: Path, directory: Directory) -> None:
    other = Directory(directory.address, user="somebody")
    other.acquire(FIRST)

    with pytest.raises(UsageError, match=r"acquired by .*somebody"), held_place(FIRST, directory.address):
        pytest.fail("it was handed out twice")

    directory.release(FIRST)        # not ours: nothing happens
    assert directory.places()[FIRST].acquired == other.name
    other.release(FIRST)
    with held_place(FIRST, directory.address) as held:
        assert (held.fixture, held.slot) == (bench.resolve(), "slot1")
        assert directory.places()[FIRST].acquired == directory.name
    assert directory.places()[FIRST].acquired is None


def test_what_a_dead_process_held_is_handed_out(directory: Directory) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    Directory(directory.address, user=f"ci-{child.pid}").acquire(FIRST)

    with held_place(FIRST, directory.address) as held:
        assert held.slot == "slot1"


def test_an_unknown_place_is_refused_by_name(directory: Directory) -> None:
    with pytest.raises(UsageError, match=rf"'elsewhere-slot99': not known .* which has {FIRST}, "):
        directory.acquire("elsewhere-slot99")


def test_a_place_of_another_computer_is_not_run_here(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "elsewhere")

    with pytest.raises(UsageError, match="this is elsewhere; run it there"), \
            held_place(FIRST, directory.address):
        pytest.fail("it was handed out")

    assert directory.places()[FIRST].acquired is None


def test_without_its_exporter_a_place_is_never_handed_out(
    bench: Path, state: LabState, directory: Directory, wait_for: Callable[..., None]
) -> None:
    kill(state.exporter_pid)
    wait_for(lambda: directory.places()[FIRST].slot is None)

    with pytest.raises(StationFault, match="found no exporter"):
        directory.acquire(FIRST)
    status = CliRunner().invoke(app, ["lab", "status", "--fixture", str(bench)])

    assert (status.exit_code, status.stdout.count("not offered")) == (3, 16)
    assert Lab(bench).up().whole


def test_a_coordinator_that_died_comes_back_where_it_was(
    bench: Path, state: LabState, wait_for: Callable[..., None]
) -> None:
    kill(state.coordinator_pid)
    wait_for(lambda: not Lab(bench).state().coordinator_answers)

    with pytest.raises(StationFault, match="found no coordinator"), held_place(FIRST, state.address):
        pytest.fail("it was handed out")
    again = Lab(bench).up()

    assert again.whole
    assert again.address == state.address
    assert again.coordinator_pid != state.coordinator_pid


def test_a_second_bench_may_use_the_same_coordinator(
    bench: Path, state: LabState, hall: Path, tmp_path: Path
) -> None:
    text = bench.read_text().replace("fixture: sim-16", "fixture: second")
    other, runtime = tmp_path / "second.yaml", tempfile.mkdtemp(prefix="rig-")
    other.write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RIG_RUNTIME", runtime)
        try:
            found = Lab(other).up(coordinator=state.address)
            patch.setenv("RIG_RUNTIME", str(hall))
            with pytest.raises(UsageError, match=f"{other} on station bench-a16 .* expected {runtime}; "), \
                    held_place("bench-a16-second-slot1", state.address):
                pytest.fail("it was handed out")
            patch.setenv("RIG_RUNTIME", runtime)
            ended = Lab(other).down()
        finally:
            Lab(other).down()
    shutil.rmtree(runtime)

    assert (found.whole, found.coordinator_pid) == (True, None)
    assert found.places[0].name == "bench-a16-second-slot1"
    assert ended == ("exporter",)
    assert Lab(bench).state().whole


def test_down_ends_both_and_status_says_so(bench: Path, state: LabState) -> None:
    assert state.whole
    down = CliRunner().invoke(app, ["lab", "down", "--fixture", str(bench)])
    again = CliRunner().invoke(app, ["lab", "down", "--fixture", str(bench)])
    status = CliRunner().invoke(app, ["lab", "status", "--fixture", str(bench)])

    assert (down.exit_code, down.stdout) == (0, "ended: exporter, coordinator\n")
    assert again.stdout == "nothing was up\n"
    assert status.exit_code == 3
    assert "exporter     down" in status.stdout
