"""The plant's database as a source of reports: all stations in one lake."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from rig.qa.source import KeptRepair, KeptRun, Wear
from rig.records.plant.address import PlantAddress
from rig.records.plant.migrations import demand_version
from rig.records.plant.postgres import PlantConnection

BATCH: Final = 500
FOLDER: Final = "lake-plant"            # beside the station's own


class PlantRuns:
    """One thread uses it. Raises PlantFault, UsageError."""

    def __init__(self, address: PlantAddress) -> None:
        self._plant = PlantConnection(address)

    def days(self) -> Mapping[date, str]:
        """A row that changes is received anew, so the moments tell of every change."""
        found = self._rows(
            "SELECT (started AT TIME ZONE 'UTC')::date, count(*), max(received), "
            "sum(extract(epoch FROM received)) FROM rig.runs GROUP BY 1"
        )
        return {day: "-".join(map(str, marks)) for day, *marks in found}

    def runs(self, day: date) -> Iterator[KeptRun]:
        begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
        with self._plant.reading(
            "SELECT record::text, state FROM rig.runs WHERE started >= %s AND started < %s "
            "ORDER BY started, run_id", [begins, begins + timedelta(days=1)], BATCH,
        ) as batches:
            for rows in batches:
                for text, state in rows:
                    yield KeptRun(json.loads(text), state)

    def run(self, run_id: str) -> KeptRun | None:
        return self._one("WHERE run_id = %s ORDER BY received", run_id)

    def last_of(self, serial: str) -> KeptRun | None:
        return self._one("WHERE serial = %s ORDER BY started DESC, run_id DESC", serial)

    def repairs(self) -> tuple[KeptRepair, ...]:
        found = self._rows("SELECT serial, at, kind, code, place, did FROM rig.repairs ORDER BY at, key")
        return tuple(
            KeptRepair(serial, at.astimezone(UTC).isoformat(), *others) for serial, at, *others in found
        )

    def wear(self) -> tuple[Wear, ...]:
        """Contacts are counted on the station."""
        return ()

    def close(self) -> None:
        self._plant.close()

    def _one(self, where: str, value: str) -> KeptRun | None:
        found = self._rows(f"SELECT record::text, state FROM rig.runs {where} LIMIT 1", value)
        return KeptRun(json.loads(found[0][0]), found[0][1]) if found else None

    def _rows(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._plant.transaction() as database:
            demand_version(self._plant, database)
            return database.execute(question.encode(), values).fetchall()
