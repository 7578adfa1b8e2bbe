"""Which runs are exported: by their ids, or of a time; only those whose end is complete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rig.errors import UsageError
from rig.records.database import reading
from rig.records.model import RunRecord
from rig.records.plain import plain
from rig.records.store import State

_BATCH = 50             # records in memory at a time


@dataclass(frozen=True, slots=True)
class Selection:
    """Runs by id, or those that began at ``since`` or later and before ``until`` (aware)."""

    runs: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if bool(self.runs) == bool(self.since or self.until):
            raise UsageError(
                "found " + ("runs and a time" if self.runs else "neither runs nor a time")
                + ", expected either run ids or --since DATE [--until DATE]"
            )
        if self.since and self.until and self.since >= self.until:
            raise UsageError(
                f"--until: found {self.until.isoformat()}, expected a time after {self.since.isoformat()}"
            )

    def __str__(self) -> str:
        if self.runs:
            return "of that id"
        return " ".join(
            f"{word} {at.isoformat()}" for word, at in (("from", self.since), ("before", self.until)) if at
        )


def moment(text: str) -> datetime:
    """A date or a time, ISO 8601; UTC where it says no offset. Raises UsageError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"found {text!r}, expected a date or a time such as 2026-11-28 or 2026-11-28T08:00Z"
        ) from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


class Selected:
    """The chosen runs of one store, first to last, read as they are asked for.

    ``counts`` and ``left_out`` are complete when the records have been read to the end. Raises
    UsageError for a store or an id that is not there or a run that is not closed, StationFault when the
    store cannot be read.
    """

    def __init__(self, path: Path, selection: Selection) -> None:
        self._path, self.selection = path, selection
        self.counts: Counter[str] = Counter()       # runs, simulated, and by purpose
        self.left_out: Counter[State] = Counter()
        if selection.runs:
            self._demand(selection.runs)

    def records(self) -> Iterator[RunRecord]:
        """The records of closed runs in the order in which they began, then by id."""
        self.counts.clear()
        self.left_out.clear()
        where, values = self._where()
        with reading(self._path) as database:
            found = database.execute(
                f"SELECT state, record FROM runs WHERE {where} ORDER BY started, run_id", values
            )
            while rows := found.fetchmany(_BATCH):
                for state, text in rows:
                    if State(state) is State.CLOSED:
                        yield self._counted(RunRecord.model_validate_json(text))
                    else:
                        self.left_out[State(state)] += 1

    def _counted(self, record: RunRecord) -> RunRecord:
        self.counts["runs"] += 1
        self.counts["simulated"] += record.simulated
        self.counts[record.purpose.value] += 1
        return record

    def _where(self) -> tuple[str, list[str]]:
        chosen = self.selection
        if chosen.runs:
            wanted = sorted(set(chosen.runs))
            return f"run_id IN ({', '.join('?' * len(wanted))})", wanted
        bounds = [(sign, plain(at)) for sign, at in ((">=", chosen.since), ("<", chosen.until)) if at]
        return " AND ".join(f"started {sign} ?" for sign, _ in bounds), [at for _, at in bounds]

    def _demand(self, runs: tuple[str, ...]) -> None:
        where, values = self._where()
        with reading(self._path) as database:
            states = dict(database.execute(f"SELECT run_id, state FROM runs WHERE {where}", values))
        for run in runs:
            if run not in states:
                raise UsageError(f"run {run}: not in {self._path}; `rig show SERIAL` tells a board's runs")
            if states[run] != State.CLOSED.value:
                raise UsageError(
                    f"run {run}: found it {states[run]}, expected a closed one: nobody was shown its "
                    "verdict; `rig show` tells it"
                )
