"""Transactions on the station's SQLite file."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from rig.errors import StationFault
from rig.records.migrations import bring_up_to_date

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
    """The file as it stands now, to read from as long as it takes; it holds nobody up who writes.

    Raises StationFault when the file cannot be used or a newer rig wrote it.
    """
    with transaction(path):
        pass                                    # brought up to date
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=WAIT_SECONDS)) as database:
            database.isolation_level = None
            database.execute("PRAGMA query_only = ON")
            database.execute("BEGIN")
            yield database
    except sqlite3.Error as error:
        raise StationFault(f"{path}: found {error}, expected a store that can be read") from error
