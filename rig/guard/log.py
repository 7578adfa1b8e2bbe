"""The guard's log: every transition with its time and reason, one JSON object a line."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable
from pathlib import Path

from rig.clock import Clock


class GuardLog:
    """Written by a thread of its own: a slow disk must not hold up an order."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def note(self, slot: str | None, event: str, reason: str) -> None:
        entry = {"time": self._clock.utc().isoformat(), "slot": slot, "event": event, "reason": reason}
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        self.later(lambda: self._append(line))

    def later(self, write: Callable[[], None]) -> None:
        """Have something else written by this thread, in turn."""
        self._jobs.put(write)

    def close(self) -> None:
        """Write what is left; gives up after a second."""
        self._jobs.put(None)
        self._thread.join(1.0)

    def _write(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except OSError:
                # a full disk is no reason to stop guarding, and there is nobody to tell
                continue

    def _append(self, line: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)
