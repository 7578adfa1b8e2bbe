"""fsync on a thread of its own: whoever writes does not wait for the disk."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from rig.records.files import keeping


class DiskSync:
    """Makes what was written to ``descriptor`` survive a power cut, when asked and in its own time.

    What the disk refuses is told once, as a StationFault, by the next ``check`` or ``settle``.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor, self._path = descriptor, path
        self._changed = threading.Condition()
        self._asked = self._done = 0
        self._refusal: OSError | None = None
        self._ending = False
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        """Have it done soon; returns at once."""
        if self._thread is None:
            # a daemon: a writer that is never closed must not keep its process from ending
            self._thread = threading.Thread(target=self._work, name="journal-sync", daemon=True)
            self._thread.start()
        with self._changed:
            self._asked += 1
            self._changed.notify_all()

    def check(self) -> None:
        """Raises StationFault when the disk refused and nobody was told yet."""
        if self._refusal is not None:
            with self._changed:
                refusal, self._refusal = self._refusal, None
            if refusal is not None:
                with keeping(self._path):
                    raise refusal

    def settle(self) -> None:
        """Wait until all that was written so far is on the disk. Raises StationFault."""
        self.ask()
        with self._changed:
            wanted = self._asked
            self._changed.wait_for(lambda: self._done >= wanted)
        self.check()

    def end(self) -> None:
        """End the thread; the descriptor is not used afterwards."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ending or self._done < self._asked)
                if self._ending:
                    return
                wanted = self._asked
            refusal = None
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                refusal = error
            with self._changed:
                self._refusal = self._refusal or refusal
                self._done = wanted
                self._changed.notify_all()
