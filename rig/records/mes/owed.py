"""What the factory's system is owed: runs by id, from before they began until it has them.

A run is owed when it begins, so it is told whatever its process dies of; what is told is what the store
says when the run has ended. Nothing is dropped; what the far side refuses waits for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rig.clock import Clock
from rig.errors import MesError
from rig.records.database import transaction
from rig.records.mes.port import MesPort, MesRejected
from rig.records.model import RunRecord
from rig.records.plain import plain
from rig.records.store import State


class Owing(StrEnum):
    """How far a run's way to the system has come."""

    WAITING = "waiting"
    TOLD = "told"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Owed:
    """One run that has ended and that the system does not have."""

    run_id: str
    serial: str
    owing: Owing
    reason: str
    at: str                     # ISO 8601, UTC: of the last change
    number: int


class OwedBook:
    """The runs of one fixture. Safe for several processes; raises StationFault."""

    def __init__(self, path: Path, fixture: str, clock: Clock) -> None:
        self._path, self._fixture, self._clock = path, fixture, clock

    def owe(self, run_id: str) -> None:
        """From now on the system is owed that run."""
        with transaction(self._path) as database:
            database.execute(
                "INSERT OR IGNORE INTO mes_owed (run_id, fixture, owing, at) VALUES (?, ?, ?, ?)",
                [run_id, self._fixture, Owing.WAITING.value, self._now()],
            )

    def waiting(self) -> tuple[Owed, ...]:
        """Runs that ended, the oldest first; those that were refused, too."""
        with transaction(self._path) as database:
            rows = database.execute(
                "SELECT run_id, serial, owing, reason, at, mes_owed.rowid "
                "FROM mes_owed JOIN runs USING (run_id) "
                "WHERE mes_owed.fixture = ? AND owing != ? AND state != ? ORDER BY started, run_id",
                [self._fixture, Owing.TOLD.value, State.PENDING.value],
            ).fetchall()
        return tuple(Owed(run_id, serial, Owing(owing), *rest) for run_id, serial, owing, *rest in rows)

    def record(self, run_id: str) -> RunRecord:
        """As the store has it now."""
        with transaction(self._path) as database:
            (text,) = database.execute("SELECT record FROM runs WHERE run_id = ?", [run_id]).fetchone()
        return RunRecord.model_validate_json(text)

    def settle(self, run_id: str, owing: Owing, reason: str = "") -> None:
        with transaction(self._path) as database:
            database.execute(
                "UPDATE mes_owed SET at = CASE WHEN owing = :owing THEN at ELSE :at END, owing = :owing, "
                "reason = :reason WHERE run_id = :run_id",
                {"owing": owing.value, "reason": reason, "at": self._now(), "run_id": run_id},
            )

    def _now(self) -> str:
        return str(plain(self._clock.utc()))


def deliver_owed(book: OwedBook, port: MesPort, owed: Sequence[Owed]) -> int:
    """Tell the runs in turn; how many the system has now. What it refuses is kept as refused.

    Raises MesAway, MesDenied where it takes none: that run and those after it go on waiting.
    """
    told = 0
    for one in owed:
        try:
            port.commit(book.record(one.run_id))
        except MesRejected as error:
            book.settle(one.run_id, Owing.REFUSED, str(error))
        except MesError as error:
            book.settle(one.run_id, one.owing, str(error))
            raise
        else:
            book.settle(one.run_id, Owing.TOLD)
            told += 1
    return told
