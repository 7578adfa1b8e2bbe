"""Every scan, press and answer with time and badge, kept in ``results/station/`` as journals are."""

from __future__ import annotations

import os
from pathlib import Path

from rig.clock import Clock
from rig.records import Journal


class PressLog:
    """A journal of its own for every start of the station. Raises StationFault when the disk refuses."""

    def __init__(self, results: Path, clock: Clock) -> None:
        folder = results / "station"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{clock.utc():%Y%m%dT%H%M%S%f}-{os.getpid()}.jsonl"
        self._journal = Journal(folder / name, clock)

    def keep(self, kind: str, badge: str | None, text: str, outcome: str, answer: str) -> None:
        """One press: ``text`` of the scan or the key, and what was answered."""
        self._journal.append(kind, badge=badge, text=text, outcome=outcome, answer=answer)
        self._journal.sync()

    def close(self) -> None:
        self._journal.close()
