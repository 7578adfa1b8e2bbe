"""Which boards of a period may go with a shipment, and why the others may not."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from rig.errors import UsageError
from rig.purpose import Purpose
from rig.records.passport.lot_statement import LeftOut
from rig.records.passport.statement import PassportStatement, statement_of
from rig.records.plain import plain
from rig.records.repairs import Kind
from rig.records.store import State


@dataclass(frozen=True, slots=True)
class Period:
    """Of the runs' starts: from ``since`` on and before ``until``, both with a zone."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Selected:
    """What the store holds of a period. ``simulated``: no real board was tested in it."""

    simulated: bool
    boards: tuple[PassportStatement, ...]
    left_out: tuple[LeftOut, ...]


def select_boards(database: sqlite3.Connection, period: Period) -> Selected:
    """By serial. Real and simulated boards are never in one lot."""
    tested = database.execute(
        "SELECT serial, min(simulated), max(purpose = ?), max(run_id) FROM runs "
        "WHERE started >= ? AND started < ? GROUP BY serial ORDER BY serial",
        [Purpose.TEST.value, plain(period.since), plain(period.until)],
    ).fetchall()
    simulated = not any(not made_up for _, made_up, _, _ in tested)
    boards: list[PassportStatement] = []
    left_out: list[LeftOut] = []
    for serial, made_up, test, run_id in tested:
        if made_up and not simulated:
            why = "It is simulated: there is no such board."
            left_out.append(LeftOut(serial=serial, run_id=run_id, why=why))
        elif not test:
            left_out.append(LeftOut(serial=serial, run_id=run_id, why="None of its runs was a test."))
        else:
            one = _of_board(database, serial, period, simulated=simulated)
            if isinstance(one, LeftOut):
                left_out.append(one)
            else:
                boards.append(one)
    return Selected(simulated, tuple(boards), tuple(left_out))


def _of_board(
    database: sqlite3.Connection, serial: str, period: Period, *, simulated: bool
) -> PassportStatement | LeftOut:
    """The statement of the board's last test of all, where that lets it go."""
    run_id, state, started, ended = database.execute(
        "SELECT run_id, state, started, ended FROM runs WHERE serial = ? AND simulated = ? AND purpose = ? "
        "ORDER BY started DESC, rowid DESC LIMIT 1", [serial, int(simulated), Purpose.TEST.value],
    ).fetchone()
    why = ""
    if state == State.PENDING.value:
        why = "Its last run is not closed yet."
    elif state == State.VOID.value:
        why = "Its last run is void: its process died before anybody was shown a verdict."
    elif datetime.fromisoformat(started) >= period.until:
        why = "It was tested again after the period."
    elif _repaired(database, serial, ended):
        why = "It was worked on after its last run."
    if why:
        return LeftOut(serial=serial, run_id=run_id, why=why)
    try:
        statement = statement_of(database, run_id)
    except UsageError as error:
        return LeftOut(serial=serial, run_id=run_id, why=f"Its record cannot be believed: {error}.")
    return statement if statement.result.shippable else _not_shippable(database, statement)


def _not_shippable(database: sqlite3.Connection, statement: PassportStatement) -> LeftOut:
    result = statement.result
    row = database.execute(
        "SELECT json_extract(record, '$.next_step.action'), json_extract(record, '$.next_step.why') "
        "FROM runs WHERE run_id = ?", [statement.run_id],
    ).fetchone()
    code = f" with {result.failure_code}" if result.failure_code else ""
    then = f" Next: {row[0]}. {row[1]}" if row[0] else " Its record does not say that it may ship."
    return LeftOut(
        serial=statement.serial, run_id=statement.run_id,
        why=f"Its last run ended {result.verdict.value}{code}.{then}",
    )


def _repaired(database: sqlite3.Connection, serial: str, ended: str) -> bool:
    found = database.execute(
        "SELECT 1 FROM repairs WHERE serial = ? AND kind = ? AND at > ? LIMIT 1",
        [serial, Kind.REPAIR.value, ended],
    ).fetchone()
    return found is not None
