"""Coordinator and exporter as processes of their own, each found again by the note of who it is."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rig.errors import StationFault
from rig.fixture.processes import Detached

_START_SECONDS = 30.0
_STOP_SECONDS = 8.0                 # a coordinator with a client gives it five


@dataclass(frozen=True, slots=True)
class Helper:
    """One helper with a folder of its own, which is its working directory, too: labgrid's coordinator
    keeps its places there. ``note`` in it names the living process."""

    role: str
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def pid(self) -> int | None:
        """The process, None when it is dead; a later process of the same number is not taken for it."""
        try:
            note = json.loads((self.folder / "note").read_text())
            pid, began = int(note["pid"]), str(note["began"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return pid if _began(pid) == began else None

    def start(self, module: str, words: list[str], ready: Callable[[], bool]) -> None:
        """Start it and wait until it is. Raises StationFault with the last thing it said."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            child = Detached(
                [sys.executable, "-m", module, *words], cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1"},
            )
        (self.folder / "note").write_text(json.dumps({"pid": child.pid, "began": _began(child.pid)}))
        deadline = time.monotonic() + _START_SECONDS
        while not ready():
            if child.poll() is not None:
                raise StationFault(f"the {self.role} would not start (exit {child.returncode}): it said "
                                   f"{self._last_words()!r}; see {self.log}")
            if time.monotonic() > deadline:
                self.stop()
                raise StationFault(f"the {self.role} was not ready within {_START_SECONDS:.0f} s; "
                                   f"see {self.log}")
            time.sleep(0.05)

    def stop(self) -> bool:
        """End it, if it lives; whether it did."""
        pid = self.pid
        if pid is None:
            return False
        deadline = time.monotonic() + _STOP_SECONDS
        _tell(pid, signal.SIGTERM)
        while self.pid is not None:
            if time.monotonic() > deadline:
                _tell(pid, signal.SIGKILL)
                deadline = float("inf")
            time.sleep(0.05)
        return True

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "nothing"


def _tell(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _began(pid: int) -> str | None:
    """When a living process began, in ticks since the computer did; None when it is dead.

    proc(5): the name in parentheses may hold anything, so fields are counted from the last one; state
    is the first after it, start time the twentieth.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]
