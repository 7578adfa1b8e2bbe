"""What a passport states of one run, all of it from the store."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from rig.datafile import Data
from rig.errors import UsageError
from rig.purpose import Purpose
from rig.records.canonical import NotCanonical, digest_of
from rig.records.chain import Link, last_link, link_before
from rig.records.folder import SAFE_NAME, RunFolder
from rig.records.model import IdentityRecord, InstrumentRecord, RunRecord
from rig.records.plain import plain
from rig.records.store import State
from rig.verdict.retest import Action
from rig.verdict.severity import Verdict

RECIPE, LIMITS = "recipe.yaml", "limits.yaml"


class Tested(Data):
    """Where and when. ``site`` and ``country``: null when the bench file did not state them."""

    station: str
    site: str | None
    country: str | None
    fixture: str
    slot: str
    started: str
    ended: str


class Result(Data):
    """How the run ended. ``shippable``: the product's policy let the board go after it."""

    state: State
    verdict: Verdict
    board_verdict: Verdict | None
    grade: str | None
    failure_code: str | None
    shippable: bool
    chips_found: int | None
    board_rate: float | None
    watts: float | None
    joules_per_terahash: float | None


class Makers(Data):
    """What made the record, by SHA-256: the rig's own sources, and each file of the plan."""

    rig_version: str
    code: str | None
    recipe: str | None
    limits: str | None
    plan: dict[str, str]


class InChain(Data):
    """The run's link in its station's chain of records (rig.records.chain)."""

    number: int
    previous: str
    link: str


class RecordBefore(Data):
    """The run of the same board that closed before this one."""

    run_id: str
    record: str


class PassportStatement(Data):
    """What is signed. ``record`` is the SHA-256 of the record's canonical JSON."""

    run_id: str
    serial: str
    product: str
    simulated: bool
    purpose: Purpose
    chips: IdentityRecord | None
    tested: Tested
    result: Result
    made_by: Makers
    instruments: tuple[InstrumentRecord, ...]
    record: str
    chain: InChain
    previous_record: RecordBefore | None

    @classmethod
    def of(cls, run: RunRecord, state: State, link: Link, before: Link | None) -> Self:
        """The statement of a closed run, its link, and the link of the board's run before it."""
        plan = run.made_by.plan
        tested = {name: getattr(run, name) for name in ("station", "site", "country", "fixture", "slot")}
        figures = {name: getattr(run, name) for name in Result.model_fields if hasattr(run, name)}
        return cls(
            run_id=run.run_id, serial=run.serial, product=run.product, simulated=run.simulated,
            purpose=run.purpose, chips=run.identity,
            tested=Tested(**tested, started=str(plain(run.started)), ended=str(plain(run.ended))),
            result=Result(**figures, state=state, shippable=_shippable(run, state)),
            made_by=Makers(
                rig_version=run.made_by.rig_version, code=run.made_by.code_hash, recipe=plan.get(RECIPE),
                limits=plan.get(LIMITS), plan=plan,
            ),
            instruments=run.instruments,
            record=link.record,
            chain=InChain(number=link.number, previous=link.previous, link=link.link),
            previous_record=None if before is None
            else RecordBefore(run_id=before.run_id, record=before.record),
        )


def statement_of(database: sqlite3.Connection, run_id: str) -> PassportStatement:
    """The statement of a run by its id.

    Raises UsageError when there is no such run, it is not closed, or its record was changed since.
    """
    found = database.execute("SELECT state, record FROM runs WHERE run_id = ?", [run_id]).fetchone()
    if found is None:
        raise UsageError(f"run {run_id}: found none of that id, expected one; rig show SERIAL tells them")
    state, text = State(found[0]), found[1]
    if state is State.PENDING:
        raise UsageError(
            f"run {run_id}: found it pending, expected a closed one: the next run on its slot closes it"
        )
    link = last_link(database, run_id)
    if link is None:
        raise UsageError(f"run {run_id}: found it in no chain, expected it in its station's")
    try:
        record, digest = RunRecord.model_validate_json(text), digest_of(text)
    except (ValidationError, NotCanonical) as error:
        raise UsageError(f"run {run_id}: found its record damaged in the store, expected it whole") from error
    if (digest, state.value) != (link.record, link.state):
        raise UsageError(f"run {run_id}: found its record changed after it was closed, expected it as then")
    return PassportStatement.of(record, state, link, link_before(database, link, record.serial))


def folder_of(results: Path, statement: PassportStatement) -> RunFolder | None:
    """Where the files of its run lie; None for a statement that names none, as no station wrote it."""
    try:
        started = datetime.fromisoformat(statement.tested.started)
    except ValueError:
        return None
    if not (SAFE_NAME.fullmatch(statement.serial) and SAFE_NAME.fullmatch(statement.run_id)):
        return None
    return RunFolder.of(results, statement.serial, statement.run_id, started)


def _shippable(run: RunRecord, state: State) -> bool:
    ships = run.next_step is not None and run.next_step.action is Action.SHIP
    return ships and run.purpose is Purpose.TEST and state is State.CLOSED
