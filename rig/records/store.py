"""The station's store: one row a run in ``results/rig.db`` (SQLite)."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from rig.errors import StationFault
from rig.records.chain import append
from rig.records.database import transaction
from rig.records.model import RunRecord
from rig.records.plain import plain

COLUMNS = (
    "run_id", "serial", "product", "slot", "station", "fixture", "operator", "simulated", "started",
    "ended", "seconds", "verdict", "board_verdict", "grade", "failure_code", "failure_text",
    "chips_found", "board_rate", "watts", "joules_per_terahash", "purpose", "board_code",
)


class State(StrEnum):
    """How far the end of a run has come."""

    PENDING = "pending"     # stored; the board's EEPROM does not carry its result for certain yet
    CLOSED = "closed"       # all that belongs to the run is where it belongs
    VOID = "void"           # its process died while it was pending: nobody was shown its verdict


class Store:
    """Runs by id. Safe for several processes; a run that ``put`` returned from survives a power cut.

    An older store is brought up to date. Raises StationFault when the file cannot be used, is
    damaged, or was written by a newer rig.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with transaction(self._path):
            pass

    def put(self, record: RunRecord, state: State = State.CLOSED) -> None:
        """Store a run in one transaction; the same run id again replaces its row.

        One whose end has come is linked into its station's chain in the same transaction.
        """
        text = record.model_dump_json()
        row = [int(value) if isinstance(value, bool) else plain(value)
               for value in (getattr(record, column) for column in COLUMNS)]
        places = ", ".join("?" * (len(COLUMNS) + 2))
        with transaction(self._path) as database:
            database.execute(
                f"INSERT OR REPLACE INTO runs ({', '.join(COLUMNS)}, record, state) VALUES ({places})",
                [*row, text, state.value],
            )
            if state is not State.PENDING:
                append(database, record.station, record.run_id, state.value, text)

    def get(self, run_id: str) -> RunRecord | None:
        """The run of that id; None when there is none."""
        with transaction(self._path) as database:
            found = database.execute("SELECT record FROM runs WHERE run_id = ?", [run_id]).fetchone()
        return None if found is None else RunRecord.model_validate_json(found[0])

    def state_of(self, run_id: str) -> State | None:
        """How far the end of that run has come; None when it is not stored."""
        with transaction(self._path) as database:
            found = database.execute("SELECT state FROM runs WHERE run_id = ?", [run_id]).fetchone()
        return None if found is None else State(found[0])

    def runs_of(self, serial: str) -> list[RunRecord]:
        """All runs of a board, first to last."""
        with transaction(self._path) as database:
            found = database.execute(
                "SELECT record FROM runs WHERE serial = ? ORDER BY started, run_id", [serial]
            ).fetchall()
        return [RunRecord.model_validate_json(row[0]) for row in found]

    def check(self) -> None:
        """Have every page of the file read and held against its indices. Raises StationFault."""
        with transaction(self._path) as database:
            found = [row[0] for row in database.execute("PRAGMA integrity_check")]
        if found != ["ok"]:
            damage = " ".join(found[0].split())
            raise StationFault(
                f"{self._path}: found {damage}, expected a whole database; keep the file for the "
                "engineer and give --results another folder"
            )
