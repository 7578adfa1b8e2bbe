"""Files that are there whole or not at all, and errors of the disk in the rig's own words."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from rig.errors import StationFault


@contextlib.contextmanager
def keeping(path: Path) -> Iterator[None]:
    """Turn the disk's errors into a StationFault that says which file could not be kept."""
    try:
        yield
    except OSError as error:
        raise StationFault(
            f"{path}: found {error.strerror or error}, expected to write it; make room on the disk or "
            "check who may write there"
        ) from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Write ``content``, text as UTF-8: temporary file, fsync, rename, fsync of the folder.

    Raises StationFault when the disk refuses.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    told = content.encode("utf-8", errors="backslashreplace") if isinstance(content, str) else content
    with keeping(path):
        try:
            with temporary.open("wb") as file:
                file.write(told)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
