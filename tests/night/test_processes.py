"""The processes of a night: ended when their time is over or the night is, and by a signal they can heed."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from threading import Event

import pytest

from rig.night.processes import finished

HEEDS = """
import signal, sys, time
from pathlib import Path
def end(number, frame):
    print("heard", number)
    sys.exit(4)
signal.signal(signal.SIGINT, end)
Path(sys.argv[1]).write_text(str(__import__("os").getpid()))
time.sleep(float(sys.argv[2]))
print("done")
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A module that can be run by name, and heeds Ctrl-C as a run does."""
    (tmp_path / "heeds.py").write_text(HEEDS)
    return {"PYTHONPATH": str(tmp_path)}


def test_a_process_that_ends_by_itself(tmp_path: Path, environment: dict[str, str]) -> None:
    done = finished("heeds", [str(tmp_path / "here"), "0"], 60, Event(), environment)

    assert (done.code, done.out.strip(), done.late) == (0, "done", False)


@pytest.mark.parametrize("by", ["night", "time"])
def test_one_that_must_end_is_asked_to(tmp_path: Path, environment: dict[str, str], by: str) -> None:
    here, stop = tmp_path / "here", Event()

    def when_here() -> None:
        deadline = time.monotonic() + 30
        while not (here.exists() and here.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        stop.set()

    watcher = threading.Thread(target=when_here)
    if by == "night":
        watcher.start()
    done = finished("heeds", [str(here), "60"], 60 if by == "night" else 4, stop, environment)

    assert (done.code, done.out.strip(), done.late) == (4, f"heard {int(signal.SIGINT)}", True)
    assert not Path("/proc", here.read_text()).exists()
    if by == "night":
        watcher.join()
