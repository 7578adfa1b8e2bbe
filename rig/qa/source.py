"""Where runs are read from: the station's store, or any other that keeps records (a plant's)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from rig.errors import UsageError
from rig.records.database import reading
from rig.records.store import Store
from rig.records.write import STORE_FILE


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A record as plain data, of whatever schema version, and how far its end has come."""

    record: Mapping[str, Any]
    state: str = "closed"


@dataclass(frozen=True, slots=True)
class KeptRepair:
    """One repair or release of a board; ``at`` ISO 8601 in UTC."""

    serial: str
    at: str
    kind: str
    code: str | None
    place: str | None
    did: str


@dataclass(frozen=True, slots=True)
class Wear:
    """One slot's power contacts: boards put in, and ohms at some of these counts."""

    fixture: str
    slot: str
    cycles: int
    contacts: tuple[tuple[int, float], ...]


class RunSource(Protocol):
    """A store to report from. Reading changes nothing in it."""

    def days(self) -> Mapping[date, str]:
        """Every UTC day on which runs began, with a mark that changes whenever its content does."""
        ...

    def runs(self, day: date) -> Iterator[KeptRun]:
        """The runs that began on that day."""
        ...

    def run(self, run_id: str) -> KeptRun | None:
        """One run by its id."""
        ...

    def last_of(self, serial: str) -> KeptRun | None:
        """A board's last run."""
        ...

    def repairs(self) -> tuple[KeptRepair, ...]:
        """All repairs and releases, first to last."""
        ...

    def wear(self) -> tuple[Wear, ...]:
        """Wear of each slot's contacts; empty where it is not kept."""
        ...

    def close(self) -> None:
        """Nothing is read any more."""
        ...


class StationStore:
    """``rig.db`` of a results folder.

    Raises UsageError when there is none, StationFault when it cannot be used.
    """

    def __init__(self, results: Path) -> None:
        self._path = results / STORE_FILE
        if not self._path.is_file():
            raise UsageError(
                f"{results}: found no {STORE_FILE}, expected the store of a station; give --results"
            )
        Store(self._path)  # an older one is brought up to date

    def days(self) -> Mapping[date, str]:
        """A row that is replaced gets a new rowid, so their sum tells of every change."""
        with reading(self._path) as database:
            found = database.execute(
                "SELECT substr(started, 1, 10), count(*), max(rowid), sum(rowid), sum(state = 'closed') "
                "FROM runs GROUP BY 1"
            ).fetchall()
        return {date.fromisoformat(day): "-".join(map(str, marks)) for day, *marks in found}

    def runs(self, day: date) -> Iterator[KeptRun]:
        with reading(self._path) as database:
            found = database.execute(
                "SELECT record, state FROM runs WHERE started >= ? AND started < ? ORDER BY started, run_id",
                [day.isoformat(), day.isoformat() + "T~"],
            ).fetchall()
        for text, state in found:
            yield KeptRun(json.loads(text), state)

    def run(self, run_id: str) -> KeptRun | None:
        with reading(self._path) as database:
            found = database.execute("SELECT record, state FROM runs WHERE run_id = ?", [run_id]).fetchone()
        return None if found is None else KeptRun(json.loads(found[0]), found[1])

    def last_of(self, serial: str) -> KeptRun | None:
        """A board's last run."""
        with reading(self._path) as database:
            found = database.execute(
                "SELECT record, state FROM runs WHERE serial = ? ORDER BY started DESC, rowid DESC LIMIT 1",
                [serial],
            ).fetchone()
        return None if found is None else KeptRun(json.loads(found[0]), found[1])

    def repairs(self) -> tuple[KeptRepair, ...]:
        with reading(self._path) as database:
            found = database.execute(
                "SELECT serial, at, kind, code, place, did FROM repairs ORDER BY at, number"
            ).fetchall()
        return tuple(KeptRepair(*row) for row in found)

    def wear(self) -> tuple[Wear, ...]:
        with reading(self._path) as database:
            cycles = database.execute("SELECT fixture, slot, count FROM cycles ORDER BY 1, 2").fetchall()
            ohms = database.execute(
                "SELECT fixture, slot, count, ohms FROM contacts ORDER BY rowid"
            ).fetchall()
        return tuple(
            Wear(
                fixture,
                slot,
                count,
                tuple((at, value) for other, where, at, value in ohms if (other, where) == (fixture, slot)),
            )
            for fixture, slot, count in cycles
        )

    def close(self) -> None:
        """Each reading closes what it opened."""
