"""The station's store: one row a run in ``results/rig.db`` (SQLite)."""

from __future__ import annotations

from pathlib import Path

from rig.errors import StationFault
from rig.records.database import transaction
from rig.records.model import RunRecord
from rig.records.plain import plain

STORE_VERSION = 1

TABLE = """
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY,
    serial TEXT NOT NULL,
    product TEXT NOT NULL,
    slot TEXT NOT NULL,
    station TEXT NOT NULL,
    fixture TEXT NOT NULL,
    operator TEXT,
    simulated INTEGER NOT NULL,
    started TEXT NOT NULL,
    ended TEXT NOT NULL,
    seconds REAL NOT NULL,
    verdict TEXT NOT NULL,
    board_verdict TEXT,
    grade TEXT,
    failure_code TEXT,
    failure_text TEXT,
    chips_found INTEGER,
    board_rate REAL,
    watts REAL,
    joules_per_terahash REAL,
    record TEXT NOT NULL
) STRICT
"""
INDEX = "CREATE INDEX IF NOT EXISTS runs_by_serial ON runs (serial, started)"
COLUMNS = (
    "run_id", "serial", "product", "slot", "station", "fixture", "operator", "simulated", "started",
    "ended", "seconds", "verdict", "board_verdict", "grade", "failure_code", "failure_text",
    "chips_found", "board_rate", "watts", "joules_per_terahash",
)


class Store:
    """Runs by id. Safe for several processes; a run that ``put`` returned from survives a power cut.

    Raises StationFault when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with transaction(self._path) as database:
            version = database.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, STORE_VERSION):
                raise StationFault(
                    f"{path}: found store version {version}, expected {STORE_VERSION}; it was written by "
                    "another version of the rig, give --results another folder"
                )
            database.execute(TABLE)
            database.execute(INDEX)
            database.execute(f"PRAGMA user_version = {STORE_VERSION}")

    def put(self, record: RunRecord) -> None:
        """Store a run in one transaction; the same run id again replaces its row."""
        row = [int(value) if isinstance(value, bool) else plain(value)
               for value in (getattr(record, column) for column in COLUMNS)]
        places = ", ".join("?" * (len(COLUMNS) + 1))
        with transaction(self._path) as database:
            database.execute(
                f"INSERT OR REPLACE INTO runs ({', '.join(COLUMNS)}, record) VALUES ({places})",
                [*row, record.model_dump_json()],
            )

    def get(self, run_id: str) -> RunRecord | None:
        """The run of that id; None when there is none."""
        with transaction(self._path) as database:
            found = database.execute("SELECT record FROM runs WHERE run_id = ?", [run_id]).fetchone()
        return None if found is None else RunRecord.model_validate_json(found[0])

    def runs_of(self, serial: str) -> list[RunRecord]:
        """All runs of a board, first to last."""
        with transaction(self._path) as database:
            found = database.execute(
                "SELECT record FROM runs WHERE serial = ? ORDER BY started, run_id", [serial]
            ).fetchall()
        return [RunRecord.model_validate_json(row[0]) for row in found]
