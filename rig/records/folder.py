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
from rig.records.files import keeping, sync_folder

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


def new_run_id(utc: datetime) -> str:
    """A fresh id: the UTC second the run began, and six random hex digits."""
    return f"{utc.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run's files."""

    path: Path

    @classmethod
    def create(cls, results: Path, serial: str, run_id: str, utc: datetime) -> Self:
        """Make the folder of a new run; its date is the UTC date of ``utc``.

        Raises UsageError when the name would leave ``results``, the folder is there already, or
        it cannot be made.
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
        return folder

    @classmethod
    def of(cls, results: Path, serial: str, run_id: str, utc: datetime) -> Self:
        """Where the files of a run lie that began at ``utc``; none is made."""
        return cls(results / f"{utc.astimezone(UTC):%Y-%m-%d}" / f"{serial}-{run_id}")

    @classmethod
    def all_in(cls, results: Path) -> Iterator[Self]:
        """Every run's folder under ``results``, oldest date first."""
        for journal in sorted(results.glob("????-??-??/*/journal.jsonl")):
            yield cls(journal.parent)

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def record(self) -> Path:
        return self.path / "record.json"

    @property
    def passport(self) -> Path:
        return self.path / "passport.json"

    @property
    def junit(self) -> Path:
        return self.path / "junit.xml"
