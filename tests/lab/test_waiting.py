"""Places asked for by tags and waited for, in the real coordinator's queue."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rig.errors import StationFault, UsageError
from rig.lab.directory import Directory
from rig.lab.lab import Lab
from rig.lab.waiting import reserved_place
from rig.lab.word import StationWord
from rig.purpose import Purpose
from rig.runtime import runtime_for

FIRST = "bench-a16-sim-16-slot1"
TAGS = {"slot": "slot1", "fixture": "sim-16"}


@contextmanager
def held_by(directory: Directory, user: str = "somebody") -> Iterator[Directory]:
    """The first place, in somebody's hands."""
    other = Directory(directory.address, user=user)
    other.acquire(FIRST)
    try:
        yield other
    finally:
        other.release(FIRST)


def test_a_free_place_with_the_tags_is_had_at_once_and_all_is_given_back(
    bench: Path, directory: Directory
) -> None:
    with reserved_place(TAGS, directory.address, 0) as held:
        place = directory.places()[FIRST]
        (reserved,) = directory.reservations()

    assert (held.fixture, held.slot, held.place) == (bench, "slot1", FIRST)
    assert (place.acquired, place.reservation) == (directory.name, reserved.token)
    assert (reserved.owner, reserved.place) == (directory.name, FIRST)
    assert directory.places()[FIRST].acquired is None
    assert directory.reservations() == ()


def test_what_fails_in_the_run_gives_place_and_reservation_back(directory: Directory) -> None:
    with pytest.raises(ZeroDivisionError), reserved_place(TAGS, directory.address, 0):
        raise ZeroDivisionError

    assert directory.places()[FIRST].acquired is None
    assert directory.reservations() == ()


def test_a_place_is_waited_for_until_it_is_free(
    directory: Directory, capsys: pytest.CaptureFixture[str], wait_for: Callable[..., None]
) -> None:
    def give_back() -> None:
        wait_for(lambda: len(directory.reservations()) == 1)
        other.release(FIRST)

    with held_by(directory) as other:
        helper = threading.Thread(target=give_back)
        helper.start()
        with reserved_place(TAGS, directory.address, 30) as held:
            assert held.slot == "slot1"
        helper.join()

    assert "waiting up to 30 s for a place with host=" in capsys.readouterr().err


def test_the_wait_has_an_end_and_says_who_has_it(directory: Directory) -> None:
    said = rf"free within 0.2 s: {FIRST} \(.*/somebody\)"

    with held_by(directory), pytest.raises(UsageError, match=said), \
            reserved_place(TAGS, directory.address, 0.2):
        pytest.fail("it was handed out")

    assert directory.reservations() == ()


def test_tags_that_nothing_has_are_refused_at_once(directory: Directory) -> None:
    with pytest.raises(UsageError, match=r"found no place with product=t99 at"), \
            reserved_place({"product": "t99"}, directory.address, 60):
        pytest.fail("it was handed out")


def test_tags_of_another_computer_only_name_its_station(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "elsewhere")

    with pytest.raises(UsageError, match="at station bench-a16 only, and this is elsewhere; run it there"), \
            reserved_place(TAGS, directory.address, 60):
        pytest.fail("it was handed out")


def test_what_the_station_finds_bad_is_not_given_to_who_waits(bench: Path, directory: Directory) -> None:
    Lab(bench).up(word=StationWord({"slot1": "the last self-test was not good"}))
    try:
        with pytest.raises(StationFault, match=f"place {FIRST} is withheld: the last self-test"), \
                reserved_place(TAGS, directory.address, 0):
            pytest.fail("it was handed out")
    finally:
        again = Lab(bench).up()

    assert again.whole
    assert directory.reservations() == ()


def test_a_locked_production_lets_golden_runs_in_alone(bench: Path, directory: Directory) -> None:
    locked = Lab(bench).up(word=StationWord(locked="STN-GOLDEN: no golden board has been checked"))
    try:
        with pytest.raises(StationFault, match="STN-GOLDEN"), \
                reserved_place(TAGS, directory.address, 0, Purpose.TEST):
            pytest.fail("it was handed out")
        with reserved_place(TAGS, directory.address, 0, Purpose.GOLDEN) as held:
            assert held.slot == "slot1"
    finally:
        Lab(bench).up()

    assert locked.whole
    assert locked.places[0].tags["production"] == "locked"


def test_production_goes_before_who_waits_and_then_they_get_it(
    bench: Path, directory: Directory, wait_for: Callable[..., None]
) -> None:
    """The place was just given to the one who waits; a run at the bench takes it, lock first, as runs do."""
    production = Directory(directory.address, user=f"production-{os.getpid()}")
    slot = runtime_for(bench).lock("slot-slot1")
    got = threading.Event()

    def wait() -> None:
        with reserved_place(TAGS, directory.address, 60):
            got.set()

    with held_by(directory) as other:
        waiting = threading.Thread(target=wait)
        waiting.start()
        wait_for(lambda: len(directory.reservations()) == 1)
        assert slot.try_acquire({"pid": os.getpid(), "run": "R1", "serial": "S1"})
        other.release(FIRST)
        wait_for(lambda: production.claim(FIRST))
        taken = directory.places()[FIRST].acquired
        too_soon = got.wait(1.5)
        production.release(FIRST)
        slot.release()
        waiting.join(30)

    assert taken == production.name
    assert not too_soon
    assert got.is_set()


def test_what_dead_processes_waited_for_is_for_others(bench: Path, directory: Directory) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    dead = Directory(directory.address, user=f"ci-{child.pid}")
    dead.reserve(TAGS)

    with reserved_place(TAGS, directory.address, 5) as held:
        assert held.slot == "slot1"
    dead.reserve(TAGS)
    Lab(bench).up()

    assert directory.reservations() == ()


def test_a_ci_job_that_is_stopped_while_it_waits_waits_no_longer(
    directory: Directory, tmp_path: Path, wait_for: Callable[..., None]
) -> None:
    with held_by(directory):
        job = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "rig.pytestplugin", f"--rig-place={FIRST}",
             "--rig-wait=60", f"--rig-coordinator={directory.address}", "--rig-product=s21pro",
             "--rig-serial=S21PROTEST0000001"],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        try:
            wait_for(lambda: len(directory.reservations()) == 1)
            job.send_signal(signal.SIGTERM)
            out, _ = job.communicate(timeout=30)
        finally:
            job.kill()
            job.wait()

    assert job.returncode == 4, out
    assert "stopped by a person or a signal, before the run had begun; nothing was powered" in out
    assert directory.reservations() == ()
