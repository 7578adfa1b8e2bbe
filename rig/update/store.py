"""Which rigs can read the station's store: a newer one's is refused by an older rig."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from rig.errors import StationFault
from rig.records import STORE_FILE


def store_version(results: Path | None) -> int:
    """0 when there is no store, or none was named. Nothing is changed there. Raises StationFault."""
    file = None if results is None else results / STORE_FILE
    if file is None or not file.is_file():
        return 0
    try:
        name = f"file:{quote(str(file.resolve()))}?mode=ro"
        with closing(sqlite3.connect(name, uri=True, timeout=20)) as store:
            return int(store.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error as error:
        raise StationFault(f"{file}: found {error}, expected a store that can be read") from error
