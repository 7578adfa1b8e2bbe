"""Where a run's files lie: ``results/<date>/<serial>-<run id>/``."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from rig.errors import UsageError
from rig.records import marks
from rig.records.files import keeping, sync_folder

TELEMETRY_JOURNAL = "telemetry.jsonl"           # while the run is on; afterwards it is a Parquet file
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_DAY_OF_ID = re.compile(r"(\d{4})(\d\d)(\d\d)T", re.ASCII)


def new_run_id(utc: datetime) -> str:
    """A fresh id: the UTC second the run began, and six random hex digits."""
    return f"{utc.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run's files."""

    path: Path

    @classmethod
    def create(cls, results: Path, serial: str, run_id: str, utc: datetime) -> Self:
        """Make the folder of a new run, marked as unfinished; its date is the UTC date of ``utc``.

        Raises UsageError when the name would leave ``results``, the folder is there already, or
        it cannot be made, and StationFault when it cannot be marked.
        """
        for word, value in (("serial", serial), ("run id", run_id)):
            if SAFE_NAME.fullmatch(value) is None:
                raise UsageError(
                    f"{word} {value!r}: expected letters, digits, '.', '_' and '-' only: it names a folder"
                )
        folder = cls.of(results, serial, run_id, utc)
        try:
            folder.path.mkdir(parents=True)
        except FileExistsError:
            raise UsageError(f"{folder.path}: found already there, expected a new run id") from None
        except OSError as error:
            raise UsageError(
                f"{folder.path}: found {error.strerror}, expected to make it; give --results another folder"
            ) from error
        with keeping(folder.path):
            sync_folder(folder.path.parent)
        _marked(results)
        marks.mark(folder.path)
        return folder

    @classmethod
    def of(cls, results: Path, serial: str, run_id: str, utc: datetime) -> Self:
        """Where the files of a run lie that began at ``utc``; none is made."""
        return cls(results / f"{utc.astimezone(UTC):%Y-%m-%d}" / f"{serial}-{run_id}")

    @classmethod
    def find(cls, results: Path, run_id: str) -> Self | None:
        """The folder of the run of that id: in the day's that its id names, or a later one."""
        if SAFE_NAME.fullmatch(run_id) is None:
            return None
        told = _DAY_OF_ID.match(run_id)
        earliest = "-".join(told.groups()) if told else ""
        days = sorted(day for day in results.glob("????-??-??") if day.name >= earliest)
        found = (path for day in days for path in day.glob(f"*-{run_id}"))
        return next(map(cls, found), None)

    @classmethod
    def all_in(cls, results: Path) -> Iterator[Self]:
        """Every run's folder under ``results``, oldest date first: as long as there are runs."""
        for journal in sorted(results.glob("????-??-??/*/journal.jsonl")):
            yield cls(journal.parent)

    @classmethod
    def unfinished_in(cls, results: Path) -> Iterator[Self]:
        """Folders of runs that are on or died, oldest date first. Raises StationFault."""
        if marks.marked(results) is None and next(cls.all_in(results), None) is None:
            return                              # nothing is made where nothing was run
        for path in _marked(results):
            folder = cls(path)
            if path.is_dir():
                yield folder
            else:
                marks.unmark(path)              # somebody took the run away

    def settle(self) -> None:
        """The run is no longer marked as unfinished, if nothing of it is left to do."""
        if self.finished:
            marks.unmark(self.path)

    @property
    def finished(self) -> bool:
        """Whether its record is there, and its telemetry is in the form for others."""
        return self.record.exists() and not self.telemetry_journal.exists()

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def telemetry_journal(self) -> Path:
        return self.path / TELEMETRY_JOURNAL

    @property
    def record(self) -> Path:
        return self.path / "record.json"

    @property
    def passport(self) -> Path:
        return self.path / "passport.json"

    @property
    def junit(self) -> Path:
        return self.path / "junit.xml"


def _marked(results: Path) -> list[Path]:
    """The marked runs. Results of an older rig have no marks: once, all runs are looked at."""
    found = marks.marked(results)
    if found is None:
        marks.mark_all(results, (run.path for run in RunFolder.all_in(results) if not run.finished))
        found = marks.marked(results) or []
    return found
