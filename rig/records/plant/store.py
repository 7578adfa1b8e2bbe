"""Runs and repairs in the plant's database: put there by stations, read by QA."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rig.errors import UsageError
from rig.records.model import RunRecord
from rig.records.outbox.delivery import TAKEN, Delivery, Outcome
from rig.records.outbox.results import ResultParcel, What
from rig.records.plant.address import PlantAddress
from rig.records.plant.migrations import demand_version
from rig.records.plant.postgres import PlantConnection, PlantFault
from rig.records.repairs import COLUMNS as REPAIR_COLUMNS
from rig.records.repairs import Kind, Repair
from rig.records.store import COLUMNS as RUN_COLUMNS
from rig.records.store import State

_RUN = (*RUN_COLUMNS, "state", "revision", "record")
_KEY = ("run_id", "station", "serial")
_CHANGED = ", ".join(f"{name} = excluded.{name}" for name in _RUN if name not in _KEY)
# What is pending gives way to what is closed or void; else the later state of the station's own store wins.
_PUT_RUN = (
    f"INSERT INTO rig.runs ({', '.join(_RUN)}) VALUES ({', '.join(['%s'] * len(_RUN))}) "
    f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {_CHANGED}, received = now() "
    "WHERE ((runs.state <> 'pending')::int, runs.revision) "
    "< ((excluded.state <> 'pending')::int, excluded.revision)"
).encode()
_PUT_REPAIR = (
    f"INSERT INTO rig.repairs (key, {', '.join(REPAIR_COLUMNS)}) "
    f"VALUES (%s, {', '.join(['%s'] * len(REPAIR_COLUMNS))}) ON CONFLICT (key) DO NOTHING"
).encode()


@dataclass(frozen=True, slots=True)
class StationCount:
    """What the plant has of one station."""

    station: str
    runs: int
    last: datetime              # that a run was received


class PlantStore:
    """The plant's runs and repairs. One thread uses it. Raises PlantFault, UsageError."""

    def __init__(self, address: PlantAddress) -> None:
        self._plant = PlantConnection(address)

    def put(self, parcels: Sequence[ResultParcel]) -> None:
        """All of them in one transaction; the same ones again change nothing."""
        with self._plant.transaction() as database:
            demand_version(self._plant, database)
            runs = [_run_row(parcel) for parcel in parcels if parcel.what is What.RUN]
            repairs = [_repair_row(parcel) for parcel in parcels if parcel.what is What.REPAIR]
            if runs:
                database.executemany(_PUT_RUN, runs)
            if repairs:
                database.executemany(_PUT_REPAIR, repairs)

    def get(self, run_id: str) -> RunRecord | None:
        """The run of that id; None when there is none."""
        found = self._rows("SELECT record::text FROM rig.runs WHERE run_id = %s ORDER BY received", run_id)
        return RunRecord.model_validate_json(found[0][0]) if found else None

    def state_of(self, run_id: str) -> State | None:
        found = self._rows("SELECT state FROM rig.runs WHERE run_id = %s ORDER BY received", run_id)
        return State(found[0][0]) if found else None

    def runs_of(self, serial: str) -> list[RunRecord]:
        """All runs of a board on all stations, first to last."""
        found = self._rows(
            "SELECT record::text FROM rig.runs WHERE serial = %s ORDER BY started, run_id", serial
        )
        return [RunRecord.model_validate_json(row[0]) for row in found]

    def repairs_of(self, serial: str) -> list[Repair]:
        """What was done to a board, first to last."""
        found = self._rows(
            f"SELECT {', '.join(REPAIR_COLUMNS)} FROM rig.repairs WHERE serial = %s ORDER BY at, key", serial
        )
        return [
            Repair(row[0], row[1], Kind(row[2]), code=row[3], place=row[4], did=row[5], operator=row[6],
                   run_id=row[7])
            for row in found
        ]

    def runs(self, since: datetime, until: datetime, batch: int = 500) -> Iterator[list[RunRecord]]:
        """Runs that began in [``since``, ``until``), first to last, some at a time, of one moment.

        Pending ones too: ask ``state_of`` where it matters.
        """
        with self._plant.reading(
            "SELECT record::text FROM rig.runs WHERE started >= %s AND started < %s ORDER BY started, run_id",
            [since, until], batch,
        ) as batches:
            for rows in batches:
                yield [RunRecord.model_validate_json(row[0]) for row in rows]

    def stations(self) -> list[StationCount]:
        """What came from where."""
        return [StationCount(*row) for row in self._rows(
            "SELECT station, count(*), max(received) FROM rig.runs GROUP BY station ORDER BY station"
        )]

    def counts(self) -> tuple[int, int]:
        """How many runs and repairs there are."""
        row = self._rows("SELECT (SELECT count(*) FROM rig.runs), (SELECT count(*) FROM rig.repairs)")[0]
        return row[0], row[1]

    def close(self) -> None:
        self._plant.close()

    def _rows(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._plant.transaction() as database:
            demand_version(self._plant, database)
            return database.execute(question.encode(), values).fetchall()


class PlantSender:
    """Brings results to the plant."""

    def __init__(self, address: PlantAddress) -> None:
        self._store = PlantStore(address)

    def send(self, parcels: Sequence[ResultParcel]) -> Delivery:
        try:
            self._store.put(parcels)
        except PlantFault as fault:
            return Delivery(fault.outcome, str(fault))
        except UsageError as error:                 # the password is not where it should be
            return Delivery(Outcome.HELD, str(error))
        return TAKEN

    def close(self) -> None:
        self._store.close()


def repair_key(columns: dict[str, Any]) -> str:
    """The same for the same repair, whoever sends it, however often."""
    words = json.dumps([columns[name] for name in REPAIR_COLUMNS], ensure_ascii=True)
    return hashlib.sha256(words.encode()).hexdigest()


def _run_row(parcel: ResultParcel) -> list[Any]:
    columns = parcel.columns | {"simulated": bool(parcel.columns["simulated"])}
    return [*(columns[name] for name in RUN_COLUMNS), parcel.state, parcel.number, parcel.record]


def _repair_row(parcel: ResultParcel) -> list[Any]:
    return [repair_key(parcel.columns), *(parcel.columns[name] for name in REPAIR_COLUMNS)]
