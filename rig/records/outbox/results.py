"""What of the station's store is on its way to the plant: tables ``outbox`` and ``dead_letters``.

Rows get there by triggers of the store itself, in the transaction that keeps a run or a repair. They
name it, and do not repeat it: what is sent is what the store says then. A run that is kept again, closed
after it was pending, takes a new place in the queue.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from rig.clock import Clock
from rig.records.database import transaction
from rig.records.outbox.delivery import Refusal
from rig.records.plain import plain
from rig.records.repairs import COLUMNS as REPAIR_COLUMNS
from rig.records.store import COLUMNS as RUN_COLUMNS

MOST_ROWS = 50              # a run's record has some 100 kB


class What(StrEnum):
    """What a row of the outbox names."""

    RUN = "run"             # key: its id
    REPAIR = "repair"       # key: its number in the store


@dataclass(frozen=True, slots=True)
class ResultParcel:
    """One run or repair as the store has it. ``record`` and ``state`` are a run's."""

    number: int
    what: What
    key: str
    columns: dict[str, Any]
    record: str = ""
    state: str = ""

    def split(self) -> Sequence[Self]:
        return (self,)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What the far side refuses. It waits for a person, who may have it tried again."""

    number: int
    what: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Depth:
    """How much waits, and since when; ``size`` in bytes. ``rows``: runs and repairs, or lines."""

    rows: int
    oldest: datetime | None
    size: int


class ResultQueue:
    """Runs and repairs that the plant does not have yet. Nothing is ever dropped from it.

    Safe for several processes; raises StationFault.
    """

    def __init__(self, path: Path, clock: Clock, most_rows: int = MOST_ROWS) -> None:
        self._path, self._clock, self._most_rows = path, clock, most_rows

    def take(self) -> Sequence[ResultParcel]:
        with transaction(self._path) as database:
            waiting = database.execute(
                "SELECT number, what, key FROM outbox ORDER BY number LIMIT ?", [self._most_rows]
            ).fetchall()
            return [_parcel(database, number, What(what), key) for number, what, key in waiting]

    def settle(self, taken: Sequence[ResultParcel], refused: Sequence[Refusal[ResultParcel]]) -> None:
        """A row that was queued anew since stays: it has another number."""
        now = plain(self._clock.utc())
        with transaction(self._path) as database:
            for refusal in refused:
                parcel = refusal.parcel
                database.execute(
                    "INSERT OR REPLACE INTO dead_letters (what, key, at, reason) VALUES (?, ?, ?, ?)",
                    [parcel.what.value, parcel.key, now, refusal.reason],
                )
            dead = {refusal.parcel.number for refusal in refused}
            for parcel in taken:
                if parcel.number not in dead:       # an older state was refused, this one is taken
                    database.execute("DELETE FROM dead_letters WHERE what = ? AND key = ?",
                                     [parcel.what.value, parcel.key])
            database.executemany("DELETE FROM outbox WHERE number = ?", [[one.number] for one in taken])

    def waiting(self) -> int:
        """How many runs and repairs; for who asks all day."""
        with transaction(self._path) as database:
            found: int = database.execute("SELECT count(*) FROM outbox").fetchone()[0]
        return found

    def depth(self) -> Depth:
        """``size`` is told by the last ``MOST_ROWS`` records that wait: to read all of a plant that was down
        for weeks would hold up the runs that end meanwhile."""
        with transaction(self._path) as database:
            rows, runs, oldest = database.execute(
                "SELECT count(*), count(*) FILTER (WHERE what = 'run'), min(queued) FROM outbox"
            ).fetchone()
            each = database.execute(
                "SELECT coalesce(avg(length(record)), 0) FROM runs WHERE run_id IN "
                "(SELECT key FROM outbox WHERE what = 'run' ORDER BY number DESC LIMIT ?)", [MOST_ROWS],
            ).fetchone()[0]
        return Depth(rows, None if oldest is None else datetime.fromisoformat(oldest), round(runs * each))

    def dead_letters(self) -> list[DeadLetter]:
        """First to last."""
        with transaction(self._path) as database:
            rows = database.execute(
                "SELECT number, what || ' ' || key, at, reason FROM dead_letters ORDER BY number"
            ).fetchall()
        return [DeadLetter(row[0], row[1], datetime.fromisoformat(row[2]), row[3]) for row in rows]

    def retry(self) -> int:
        """Put all dead letters back into the queue; how many."""
        with transaction(self._path) as database:
            database.execute(
                "INSERT OR REPLACE INTO outbox (what, key, queued) "
                "SELECT what, key, ? FROM dead_letters ORDER BY number", [plain(self._clock.utc())],
            )
            return database.execute("DELETE FROM dead_letters").rowcount


def _parcel(database: sqlite3.Connection, number: int, what: What, key: str) -> ResultParcel:
    if what is What.RUN:
        *row, record, state = database.execute(
            f"SELECT {', '.join(RUN_COLUMNS)}, record, state FROM runs WHERE run_id = ?", [key]
        ).fetchone()
        return ResultParcel(number, what, key, dict(zip(RUN_COLUMNS, row, strict=True)), record, state)
    row = database.execute(
        f"SELECT {', '.join(REPAIR_COLUMNS)} FROM repairs WHERE number = ?", [int(key)]
    ).fetchone()
    return ResultParcel(number, what, key, dict(zip(REPAIR_COLUMNS, row, strict=True)))
