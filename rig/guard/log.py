"""The guard's log: every transition with its time and reason, one JSON object a line."""

from __future__ import annotations

import json
import queue
import threading
from pathlib import Path

from rig.clock import Clock


class GuardLog:
    """Written by a thread of its own: a slow disk must not hold up an order."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def note(self, slot: str | None, event: str, reason: str) -> None:
        entry = {"time": self._clock.utc().isoformat(), "slot": slot, "event": event, "reason": reason}
        self._lines.put(json.dumps(entry, ensure_ascii=False))

    def close(self) -> None:
        """Write what is left; gives up after a second."""
        self._lines.put(None)
        self._thread.join(1.0)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
            except OSError:
                # a full disk is no reason to stop guarding, and there is nobody to tell
                continue
