"""One transaction on the station's SQLite file, and reading it without leaving a trace."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from rig.errors import StationFault, UsageError
from rig.records.migrations import VERSION, bring_up_to_date

WAIT_SECONDS = 20.0      # several slots finish at once; a transaction takes milliseconds


@contextlib.contextmanager
def transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """Write ahead, synchronous, alone with the file; rolled back when the block raises.

    An older database is brought up to date first. Safe for several processes. Raises StationFault
    when the file cannot be used or a newer rig wrote it.
    """
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=WAIT_SECONDS)) as database:
            database.isolation_level = None
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.execute("BEGIN IMMEDIATE")
            try:
                bring_up_to_date(database, path)
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")
    except sqlite3.Error as error:
        raise StationFault(
            f"{path}: found {error}, expected a store that can be written; check the disk and "
            "who may write there"
        ) from error


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """One consistent view for who may only read: no store is made, changed or brought up to date.

    Raises UsageError when there is no store, or an older or newer rig's; StationFault when it cannot be
    read.
    """
    if not path.is_file():
        raise UsageError(f"{path}: found no such file, expected the store of a station; give --results")
    try:
        with contextlib.closing(_opened(path)) as database:
            found: int = database.execute("PRAGMA user_version").fetchone()[0]
            if found != VERSION:
                raise UsageError(
                    f"{path}: found store version {found}, expected {VERSION}; read it with the rig that "
                    "wrote it, or let the station's bring it up to date"
                )
            database.execute("BEGIN")
            yield database
    except sqlite3.Error as error:
        raise StationFault(
            f"{path}: found {error}, expected a store that can be read; check the disk and who may read there"
        ) from error


def _opened(path: Path) -> sqlite3.Connection:
    """Read only. In a folder that may not be written SQLite wants to be told that nobody writes there."""
    name = f"file:{quote(str(path.resolve()))}?mode=ro"
    database = sqlite3.connect(name, uri=True, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        database.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError:
        database.close()
        if path.with_name(path.name + "-wal").exists():
            raise
        database = sqlite3.connect(name + "&immutable=1", uri=True, isolation_level=None)
    return database
