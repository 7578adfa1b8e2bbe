"""Questions a station asks its store all day: runs by time, slot, board and purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rig.purpose import Purpose
from rig.records.database import transaction
from rig.records.model import RunRecord
from rig.records.store import State
from rig.verdict.alarms import LastRun
from rig.verdict.severity import Verdict

_LINE = "run_id, serial, slot, started, seconds, verdict, grade, failure_code, simulated, purpose, operator"


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in a list."""

    run_id: str
    serial: str
    slot: str
    started: str
    seconds: float
    verdict: str
    grade: str | None
    failure_code: str | None
    simulated: bool
    purpose: str
    operator: str | None


@dataclass(frozen=True, slots=True)
class FirstPasses:
    """Boards since some moment: ``boards`` judged at all; of the ``n`` judged for the first time ever,
    ``passed`` passed. ``top_code``: what most of the boards' failing runs failed with."""

    boards: int
    passed: int
    n: int
    top_code: str | None
    top_code_count: int


@dataclass(frozen=True, slots=True)
class Which:
    """Closed runs of a board for a purpose that began at ``since`` or later and ended with one of these."""

    serial: str
    purpose: Purpose
    since: datetime
    verdicts: tuple[Verdict, ...]
    simulated: bool

    def where(self) -> str:
        places = ", ".join("?" * len(self.verdicts))
        return ("serial = ? AND started >= ? AND simulated = ? AND state = ? AND purpose = ? "
                f"AND verdict IN ({places})")

    def values(self) -> list[str | int]:
        return [self.serial, self.since.astimezone(UTC).isoformat(), int(self.simulated),
                State.CLOSED.value, self.purpose.value, *(one.value for one in self.verdicts)]


class Lookup:
    """Reads one store. Raises StationFault when it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def lines(self, *, serial: str | None, slot: str | None, limit: int) -> list[RunLine]:
        """Runs, newest first."""
        wheres, values = ["state != ?"], [State.PENDING.value]
        for column, value in (("serial", serial), ("slot", slot)):
            if value is not None:
                wheres.append(f"{column} = ?")
                values.append(value)
        with transaction(self._path) as database:
            rows = database.execute(
                f"SELECT {_LINE} FROM runs WHERE {' AND '.join(wheres)} ORDER BY started DESC, rowid DESC "
                "LIMIT ?", [*values, limit],
            ).fetchall()
        return [_line(row) for row in rows]

    def runs(self, serial: str, purposes: Sequence[Purpose], *, simulated: bool) -> list[RunRecord]:
        """Closed runs of a board for these purposes, first to last."""
        places = ", ".join("?" * len(purposes))
        with transaction(self._path) as database:
            rows = database.execute(
                f"SELECT record FROM runs WHERE serial = ? AND simulated = ? AND state = ? "
                f"AND purpose IN ({places}) ORDER BY started, rowid",
                [serial, int(simulated), State.CLOSED.value, *(one.value for one in purposes)],
            ).fetchall()
        return [RunRecord.model_validate_json(row[0]) for row in rows]

    def latest(self, which: Which, limit: int) -> list[RunRecord]:
        """The last of them, first to last."""
        with transaction(self._path) as database:
            rows = database.execute(
                f"SELECT record FROM runs WHERE {which.where()} ORDER BY started DESC, rowid DESC LIMIT ?",
                [*which.values(), limit],
            ).fetchall()
        return [RunRecord.model_validate_json(row[0]) for row in reversed(rows)]

    def count(self, which: Which) -> int:
        with transaction(self._path) as database:
            found: int = database.execute(
                f"SELECT count(*) FROM runs WHERE {which.where()}", which.values()
            ).fetchone()[0]
        return found

    def last_of_slot(
        self, fixture: str, slot: str, serial: str, since: datetime | None
    ) -> RunRecord | None:
        """The last run of a board in a slot that is over, if it began at ``since`` or later."""
        with transaction(self._path) as database:
            row = database.execute(
                "SELECT record FROM runs WHERE fixture = ? AND slot = ? AND serial = ? AND state != ? "
                "AND started >= ? ORDER BY started DESC, rowid DESC LIMIT 1",
                [fixture, slot, serial, State.PENDING.value,
                 "" if since is None else since.astimezone(UTC).isoformat()],
            ).fetchone()
        return None if row is None else RunRecord.model_validate_json(row[0])

    def last_passed(self, product: str, *, simulated: bool, limit: int) -> list[RunRecord]:
        """The last good runs of a product, first to last."""
        with transaction(self._path) as database:
            rows = database.execute(
                "SELECT record FROM runs WHERE product = ? AND simulated = ? AND state = ? AND verdict IN "
                "(?, ?) ORDER BY started DESC, rowid DESC LIMIT ?",
                [product, int(simulated), State.CLOSED.value, Verdict.PASS.value, Verdict.MARGINAL.value,
                 limit],
            ).fetchall()
        return [RunRecord.model_validate_json(row[0]) for row in reversed(rows)]

    def first_runs(
        self, fixture: str, slot: str, *, simulated: bool, after: int, limit: int
    ) -> list[tuple[int, LastRun]]:
        """The last ``limit`` boards judged here for the first time ever, by the number of their row.

        ``after``: only rows behind that number; a run's row gets a higher one when it is closed.
        """
        judged = "simulated = ? AND state = ? AND purpose = ? AND board_verdict IS NOT NULL"
        values = [int(simulated), State.CLOSED.value, Purpose.TEST.value]
        with transaction(self._path) as database:
            rows = database.execute(
                "SELECT rowid, started, station, slot, serial, verdict, board_code FROM runs AS one "
                f"WHERE fixture = ? AND slot = ? AND rowid > ? AND {judged} AND NOT EXISTS (SELECT 1 FROM "
                f"runs WHERE serial = one.serial AND started < one.started AND {judged}) "
                "ORDER BY started DESC, rowid DESC LIMIT ?",
                [fixture, slot, after, *values, *values, limit],
            ).fetchall()
        return [(row[0], _last_run(row)) for row in rows]

    def newest_row(self) -> int:
        """The highest number of a row so far, 0 without any; it grows with all that is stored."""
        with transaction(self._path) as database:
            found: int = database.execute("SELECT coalesce(max(rowid), 0) FROM runs").fetchone()[0]
        return found

    def first_passes(
        self, fixture: str, since: datetime, *, simulated: bool, shippable: Sequence[Verdict]
    ) -> FirstPasses:
        """What the fixture did since then; runs that did not judge their board are passed over."""
        with transaction(self._path) as database:
            rows = database.execute(
                "SELECT serial, verdict, board_code, started FROM runs WHERE fixture = ? AND simulated = ? "
                "AND state = ? AND purpose = ? AND board_verdict IS NOT NULL AND started >= ? "
                "ORDER BY started, rowid",
                [fixture, int(simulated), State.CLOSED.value, Purpose.TEST.value,
                 since.astimezone(UTC).isoformat()],
            ).fetchall()
            known = {serial for serial in dict.fromkeys(row[0] for row in rows) if database.execute(
                "SELECT 1 FROM runs WHERE serial = ? AND simulated = ? AND state = ? AND purpose = ? "
                "AND board_verdict IS NOT NULL AND started < ? LIMIT 1",
                [serial, int(simulated), State.CLOSED.value, Purpose.TEST.value,
                 since.astimezone(UTC).isoformat()],
            ).fetchone()}
        firsts: dict[str, str] = {}
        codes: dict[str, int] = {}
        for serial, verdict, code, _ in rows:
            firsts.setdefault(serial, verdict)
            if code:
                codes[code] = codes.get(code, 0) + 1
        new = {serial: verdict for serial, verdict in firsts.items() if serial not in known}
        good = {one.value for one in shippable}
        top = max(codes, key=lambda code: codes[code], default=None)
        return FirstPasses(
            boards=len(firsts), passed=sum(verdict in good for verdict in new.values()), n=len(new),
            top_code=top, top_code_count=codes[top] if top else 0,
        )


def _line(row: tuple[Any, ...]) -> RunLine:
    facts = dict(zip(_LINE.split(", "), row, strict=True))
    return RunLine(**{**facts, "simulated": bool(facts["simulated"])})


def _last_run(row: tuple[Any, ...]) -> LastRun:
    _, started, station, slot, serial, verdict, code = row
    good = verdict in (Verdict.PASS.value, Verdict.MARGINAL.value)
    return LastRun(datetime.fromisoformat(started), station, slot, serial, None if good else code or verdict)
