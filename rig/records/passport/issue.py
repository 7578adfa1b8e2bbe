"""Passports of single runs: made, kept in the run's folder, and looked at again."""

from __future__ import annotations

import sqlite3
from enum import StrEnum
from pathlib import Path

from rig.errors import RigError, UsageError
from rig.records.chain import take_in
from rig.records.database import reading, transaction
from rig.records.files import write_whole
from rig.records.folder import RunFolder
from rig.records.model import RunRecord
from rig.records.passport.keys import SigningKey
from rig.records.passport.seal import Kind, NoPassport, seal, unseal
from rig.records.passport.statement import PassportStatement, folder_of, statement_of
from rig.records.write import STORE_FILE


class PassportState(StrEnum):
    """What there is of a run's passport."""

    NONE = "none"
    ISSUED = "issued"       # sound in itself; the store does not know the run, or cannot be read
    VALID = "valid"         # and it says what the store says
    BROKEN = "broken"       # changed after it was signed, or it says something else than the store


def issue_passport(results: Path, run_id: str, key: SigningKey) -> tuple[PassportStatement, bytes]:
    """Sign the statement of a run and keep the passport in the run's folder, where that is.

    The same run and key give the same bytes. Raises UsageError, StationFault.
    """
    store = results / STORE_FILE
    if not store.is_file():
        raise UsageError(f"{results}: found no {STORE_FILE}, expected the store of a station; give --results")
    with transaction(store) as database:
        station = database.execute("SELECT station FROM runs WHERE run_id = ?", [run_id]).fetchone()
        if station is not None:
            take_in(database, station[0])
        statement = statement_of(database, run_id)
    return statement, keep_passport(results, statement, key)


def keep_passport(results: Path, statement: PassportStatement, key: SigningKey) -> bytes:
    """The signed passport, which lies in the run's folder too, where that is. Raises StationFault."""
    text, folder = seal(Kind.PASSPORT, statement, key), folder_of(results, statement)
    if folder is not None and folder.path.is_dir():
        write_whole(folder.passport, text.decode("utf-8"))
    return text


def passport_state(results: Path, run: RunRecord) -> PassportState:
    """What there is of the passport of ``run``; its chain is not walked, and nothing is written."""
    folder = RunFolder.of(results, run.serial, run.run_id, run.started)
    try:
        text = folder.passport.read_bytes()
    except OSError:
        return PassportState.NONE
    try:
        sealed = unseal(text, Kind.PASSPORT, PassportStatement)
    except NoPassport:
        return PassportState.BROKEN
    if sealed.problems or sealed.statement is None or sealed.statement.run_id != run.run_id:
        return PassportState.BROKEN
    try:
        with reading(results / STORE_FILE) as database:
            if database.execute("SELECT 1 FROM runs WHERE run_id = ?", [run.run_id]).fetchone() is None:
                return PassportState.ISSUED
            return _held_against(sealed.statement, database)
    except RigError:
        return PassportState.ISSUED


def _held_against(statement: PassportStatement, database: sqlite3.Connection) -> PassportState:
    try:
        same = statement_of(database, statement.run_id) == statement
    except UsageError:
        return PassportState.BROKEN
    return PassportState.VALID if same else PassportState.BROKEN
