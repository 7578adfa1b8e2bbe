"""A run at the bench has its place in the lab, too, and never waits for that."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from rig.fixturefile import load_fixture
from rig.lab.claim import claimed
from rig.lab.directory import Directory
from rig.lab.lab import Lab, LabState
from rig.runtime import Runtime, runtime_for

FIRST = "bench-a16-sim-16-slot1"
USER = f"production-{os.getpid()}"


def test_the_place_is_its_own_before_all_who_wait(
    bench: Path, directory: Directory, wait_for: Callable[..., None]
) -> None:
    holder = Directory(directory.address, user=USER).name
    waiting = [directory.reserve({"slot": "slot1", "fixture": "sim-16"}) for _ in range(3)]

    with claimed(runtime_for(bench), load_fixture(bench), "slot1", USER):
        wait_for(lambda: directory.places()[FIRST].acquired == holder)
    after = directory.places()[FIRST].acquired
    for one in waiting:
        directory.give_up(one.token)

    assert after is None


def test_a_coordinator_that_hangs_holds_up_no_run(
    bench: Path, state: LabState, wait_for: Callable[..., None]
) -> None:
    assert state.coordinator_pid is not None
    os.kill(state.coordinator_pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with claimed(runtime_for(bench), load_fixture(bench), "slot1", USER):
            begun = time.monotonic()
        ended = time.monotonic()
    finally:
        os.kill(state.coordinator_pid, signal.SIGCONT)
    wait_for(lambda: not any(thread.name == "lab" for thread in threading.enumerate()))

    assert begun - began < 1
    assert ended - begun < 4


def test_without_a_lab_there_is_nobody_to_tell(bench: Path, tmp_path: Path) -> None:
    with claimed(Runtime(tmp_path), load_fixture(bench), "slot1", USER):
        pass


def test_a_lab_that_comes_up_sees_by_the_lock_who_has_a_slot(bench: Path, directory: Directory) -> None:
    slot = runtime_for(bench).lock("slot-slot1")
    assert slot.try_acquire({"pid": os.getpid(), "run": "R1", "holder": USER})
    try:
        found = Lab(bench).up().places[0].acquired
    finally:
        slot.release()
        directory.release(FIRST, found)

    assert found == Directory(directory.address, user=USER).name
