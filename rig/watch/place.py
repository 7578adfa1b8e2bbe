"""What a watcher needs to know of its bench."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rig.errors import UsageError
from rig.fixturefile import FixtureFile, load_fixture
from rig.records.outbox.service import WaysOut
from rig.runtime import Runtime, runtime_for
from rig.watchentry import Part, WatchEntry


@dataclass(frozen=True, slots=True)
class Place:
    """One bench on one station. ``heartbeat``: the file that is written each round."""

    file: Path
    fixture: FixtureFile
    entry: WatchEntry
    runtime: Runtime
    results: Path
    ways: WaysOut
    heartbeat: Path

    @classmethod
    def find(cls, file: Path, results: Path, heartbeat: Path | None = None) -> Self:
        """Raises FileError, UsageError."""
        fixture = load_fixture(file)
        if not results.is_dir():
            raise UsageError(f"{results}: found no such folder, expected a station's results; give --results")
        return cls(
            file, fixture, fixture.watch, runtime_for(file), results, WaysOut.of(fixture),
            heartbeat or results / "watch" / f"{fixture.fixture}.json",
        )

    @property
    def parts(self) -> frozenset[Part]:
        """The processes that are to be up."""
        if self.entry.parts is not None:
            return frozenset(self.entry.parts)
        ways = self.ways
        sends = ways.plant is not None or ways.telemetry is not None or ways.mes is not None
        return frozenset({Part.GUARD, Part.STATION} | ({Part.OUTBOX} if sends else set()))
