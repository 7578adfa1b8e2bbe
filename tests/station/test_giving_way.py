"""A board scanned at the station ends the lab's run in its slot, and nobody else's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.purpose import Purpose
from rig.runtime import Runtime
from rig.station.giving_way import GivingWay
from rig.station.slotflow import Asked, Conditions, SlotFlow

# Holds the slot as a run does, and says how often it was told to make way before it was told to end.
RUN = """
import os, signal, sys
from pathlib import Path
from rig.runtime import Runtime
told = []
signal.signal(signal.SIGUSR1, lambda *_: told.append(1))
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
lock = Runtime(Path(sys.argv[1])).lock("slot-slot1")
assert lock.try_acquire({"pid": os.getpid(), "run": "nightly-7", "place": sys.argv[2] or None})
print("has it", flush=True)
signal.sigwait({signal.SIGTERM})
print(len(told), flush=True)
"""


class Holder:
    """A process that has slot1."""

    def __init__(self, folder: Path, place: str) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-c", RUN, str(folder), place], stdout=subprocess.PIPE, text=True
        )
        assert self._child.stdout is not None
        assert self._child.stdout.readline() == "has it\n"

    def told(self) -> int:
        """How often it was told, at its end."""
        self._child.terminate()
        out, _ = self._child.communicate(timeout=30)
        return int(out)

    def end(self) -> None:
        self._child.kill()
        self._child.communicate()


@pytest.fixture
def slot() -> SlotFlow:
    """A slot that a run has, as the guard tells it, and a board of production waits for."""
    found = Conditions(
        0.0, estop_closed=True, lid_closed=True, seated=True, leased=True, taken_by="run nightly-7"
    )
    return SlotFlow("slot1", 1, reseat=True, asked=Asked("S21PROTEST0000001", Purpose.TEST, "0417"),
                    conditions=found)


@pytest.fixture
def lab_run(tmp_path: Path) -> Iterator[Holder]:
    holder = Holder(tmp_path, "a-sim-slot1")
    yield holder
    holder.end()


def test_the_labs_run_is_told_once(tmp_path: Path, slot: SlotFlow, lab_run: Holder) -> None:
    giving = GivingWay(Runtime(tmp_path))

    for _ in range(3):
        giving.ask([slot])

    assert lab_run.told() == 1


@pytest.mark.parametrize("purpose", [Purpose.GOLDEN, None], ids=["a golden board", "nobody"])
def test_it_goes_on_while_no_board_of_production_waits(
    tmp_path: Path, slot: SlotFlow, lab_run: Holder, purpose: Purpose | None
) -> None:
    slot.asked = None if purpose is None else Asked("S21PROGOLDEN00001", purpose, "0417")

    GivingWay(Runtime(tmp_path)).ask([slot])

    assert lab_run.told() == 0


def test_a_run_at_the_bench_goes_on(tmp_path: Path, slot: SlotFlow) -> None:
    holder = Holder(tmp_path, "")

    try:
        GivingWay(Runtime(tmp_path)).ask([slot])

        assert holder.told() == 0
    finally:
        holder.end()
