"""Where an export goes: its files appear whole, all together, and over nothing that differs."""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rig.errors import UsageError
from rig.records.files import keeping, sync_folder


@dataclass(frozen=True, slots=True)
class Place:
    """``path``: a folder for the files of an export, or the name of its only one.

    A file that is there already must be the same, or ``force`` be given.
    """

    path: Path
    is_folder: bool
    force: bool = False

    @property
    def folder(self) -> Path:
        return self.path if self.is_folder else self.path.parent

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder beside the place, to write in; gone with all that is left in it when the block ends.

        Raises UsageError when the place cannot be, StationFault when the disk refuses.
        """
        if self.path.exists() and self.path.is_dir() != self.is_folder:
            found, expected = ("a file", "a folder") if self.is_folder else ("a folder", "a file's name")
            raise UsageError(f"{self.path}: found {found}, expected {expected}; give --out another name")
        beside = self.path.absolute().parent
        try:
            beside.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(prefix=f".{self.path.name}.", suffix=".tmp", dir=beside))
        except OSError as error:
            raise UsageError(
                f"{self.path}: found {error.strerror}, expected to write there; give --out another name"
            ) from error
        try:
            with keeping(self.path):
                yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def fill(self, staged: list[Path]) -> list[Path]:
        """Move the staged files to their place, and return where they are now.

        Raises UsageError, with nothing moved, when one would replace a file that differs.
        """
        targets = [self.path / file.name if self.is_folder else self.path for file in staged]
        for file, target in zip(staged, targets, strict=True):
            if not self.force and target.exists() and not filecmp.cmp(file, target, shallow=False):
                raise UsageError(
                    f"{target}: found a file that differs, expected none or the same; give --out another "
                    "name, or --force"
                )
        with keeping(self.path):
            if self.is_folder:
                self.path.mkdir(exist_ok=True)
            for file, target in zip(staged, targets, strict=True):
                _sync(file)
                os.replace(file, target)
            sync_folder(self.folder)
        return targets


def _sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
