"""What is known of a board's past, and of a slot's: runs and repairs as the retest policy takes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rig.purpose import Purpose
from rig.records.database import transaction
from rig.records.model import RunRecord
from rig.records.repairs import Kind, Repair, RepairBook
from rig.records.store import State
from rig.verdict.retest import Past, PastRun, Released, Repaired
from rig.verdict.severity import Verdict

LAST_OF_BOARD = 200         # more than any policy counts; a bench may run one serial for ever
LAST_ON_SLOT = 100
_COLUMNS = "run_id, started, serial, slot, verdict, board_verdict, failure_code, board_code, state"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened to a board: a run, a repair, a release. ``run_id``: of a run."""

    at: datetime
    past: Past
    run_id: str | None = None


class History:
    """The runs that count: real ones, or simulated ones among themselves; never engineering runs.

    Raises StationFault when the store cannot be used.
    """

    def __init__(self, path: Path, *, simulated: bool) -> None:
        self._path, self._simulated = path, simulated

    def of(self, serial: str) -> tuple[Line, ...]:
        """A board's runs and repairs, oldest first; of very many runs the last.

        A repair belongs to the world of the run that led to it, one without a run to both.
        """
        with transaction(self._path) as database:
            runs = database.execute(
                f"SELECT {_COLUMNS} FROM runs WHERE serial = ? AND simulated = ? AND purpose = ? "
                "ORDER BY started DESC, rowid DESC LIMIT ?",
                [serial, int(self._simulated), Purpose.TEST.value, LAST_OF_BOARD],
            ).fetchall()
            others = {row[0] for row in database.execute(
                "SELECT run_id FROM runs WHERE serial = ? AND simulated != ?", [serial, int(self._simulated)]
            )}
        lines = [Line(datetime.fromisoformat(row[1]), _run(row), run_id=row[0]) for row in reversed(runs)]
        lines += [
            Line(repair.at, _worked_on(repair))
            for repair in RepairBook(self._path).of(serial) if repair.run_id not in others
        ]
        return tuple(sorted(lines, key=lambda line: line.at))

    def last_on(self, fixture: str, slot: str) -> tuple[PastRun, ...]:
        """The slot's last runs, oldest first."""
        with transaction(self._path) as database:
            runs = database.execute(
                f"SELECT {_COLUMNS} FROM runs WHERE fixture = ? AND slot = ? AND simulated = ? "
                "AND purpose = ? ORDER BY started DESC, rowid DESC LIMIT ?",
                [fixture, slot, int(self._simulated), Purpose.TEST.value, LAST_ON_SLOT],
            ).fetchall()
        return tuple(map(_run, reversed(runs)))


def past_of(record: RunRecord) -> PastRun:
    """A run that is not stored yet."""
    return PastRun(
        record.serial, record.slot, record.verdict, record.board_verdict, record.failure_code,
        record.board_code,
    )


def _run(row: tuple[Any, ...]) -> PastRun:
    _, _, serial, slot, verdict, board_verdict, failure_code, board_code, state = row
    run = PastRun(
        serial, slot, Verdict(verdict), None if board_verdict is None else Verdict(board_verdict),
        failure_code, board_code,
    )
    if state == State.CLOSED.value or run.board_verdict is Verdict.FAIL:
        return run
    return PastRun(serial, slot, Verdict.ABORTED, None, failure_code)   # nobody was shown its verdict


def _worked_on(repair: Repair) -> Past:
    return Released() if repair.kind is Kind.RELEASE else Repaired(repair.code or "no code")
