"""A passport or a packet held against itself, a key and the store; what differs is told by name."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.errors import UsageError
from rig.records.canonical import NotCanonical, canonical, parsed
from rig.records.chain import chain_problems, last_link
from rig.records.database import reading
from rig.records.passport.lot_statement import LOT_FILE, PAGE_FILE, PASSPORTS, LotStatement
from rig.records.passport.seal import MOST_BYTES, Kind, NoPassport, Sealed, unseal
from rig.records.passport.statement import PassportStatement, folder_of, statement_of
from rig.records.write import STORE_FILE


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. No problems: everything that was asked for agrees.

    ``statement`` is None where the file has not the form of one.
    """

    statement: PassportStatement | LotStatement | None
    public_key: str
    development: bool
    problems: tuple[str, ...]


def verify_file(path: Path, trusted: str | None = None, results: Path | None = None) -> Report:
    """Hold one passport against itself, the ``trusted`` public key (hex) and the store in ``results``.

    Raises NoPassport for a file that is none, UsageError and StationFault for a store that cannot be read.
    """
    sealed = _unsealed(path, Kind.PASSPORT, PassportStatement, trusted)
    problems = list(sealed.problems)
    if results is not None and sealed.statement is not None:
        with reading(results / STORE_FILE) as database:
            problems += _against_store(sealed.statement, database)
            problems += _of_station(results, database, sealed.statement.tested.station)
            problems += _own_record(results, sealed.statement)
    return Report(sealed.statement, sealed.public_key, sealed.development, tuple(problems))


def verify_packet(folder: Path, trusted: str | None = None, results: Path | None = None) -> Report:
    """Hold a packet against itself file by file, a key and a store, as ``verify_file``."""
    sealed = _unsealed(folder / LOT_FILE, Kind.LOT, LotStatement, trusted)
    problems, lot = list(sealed.problems), sealed.statement
    if lot is not None:
        problems += _same_bytes(folder / PAGE_FILE, lot.page)
        expected = {LOT_FILE, PAGE_FILE, *(f"{PASSPORTS}/{board.file}" for board in lot.boards)}
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
        problems += [f"{name}: is no part of the packet" for name in sorted(found - expected)]
        statements = []
        for board in lot.boards:
            path = folder / PASSPORTS / board.file
            problems += _same_bytes(path, board.passport)
            if path.is_file():
                statement, wrong = _of_packet(path, sealed.public_key or None)
                problems += [f"{board.file}: {one}" for one in wrong]
                if statement is not None:
                    statements.append(statement)
                    if (statement.serial, statement.run_id) != (board.serial, board.run_id):
                        problems.append(f"{board.file}: found the passport of board {statement.serial}, run "
                                        f"{statement.run_id}, expected {board.serial}, {board.run_id}")
        if results is not None:
            problems += _packet_against_store(results, statements)
    return Report(lot, sealed.public_key, sealed.development, tuple(problems))


def _of_packet(path: Path, public_key: str | None) -> tuple[PassportStatement | None, tuple[str, ...]]:
    try:
        sealed = _unsealed(path, Kind.PASSPORT, PassportStatement, public_key)
    except NoPassport as error:
        return None, (str(error),)
    return sealed.statement, sealed.problems


def _packet_against_store(results: Path, statements: list[PassportStatement]) -> Iterator[str]:
    with reading(results / STORE_FILE) as database:
        for statement in statements:
            for problem in _against_store(statement, database):
                yield f"board {statement.serial}: {problem}"
            yield from _own_record(results, statement)
        for station in sorted({one.tested.station for one in statements}):
            yield from _of_station(results, database, station)


def _unsealed(
    path: Path, kind: Kind, model: type[Any], trusted: str | None
) -> Sealed[Any]:
    try:
        with path.open("rb") as file:
            return unseal(file.read(MOST_BYTES + 1), kind, model, trusted)
    except OSError as error:
        raise NoPassport(f"{path}: found {error.strerror or error}, expected a {kind.value}") from error
    except NoPassport as error:
        raise NoPassport(f"{path}: {error}") from error


def _same_bytes(path: Path, digest: str) -> Iterator[str]:
    if not path.is_file():
        yield f"{path.name}: is gone from the packet"
    elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        yield f"{path.name}: was changed after the packet was made"


def _against_store(statement: PassportStatement, database: sqlite3.Connection) -> Iterator[str]:
    try:
        stored = statement_of(database, statement.run_id)
    except UsageError as error:
        yield f"the store does not bear it out: {error}"
        return
    yield from _differences(statement.model_dump(mode="json"), stored.model_dump(mode="json"))


def _differences(stated: Any, stored: Any, place: str = "") -> Iterator[str]:
    if isinstance(stated, dict) and isinstance(stored, dict):
        for name in sorted(stated.keys() | stored.keys()):
            yield from _differences(stated.get(name), stored.get(name), f"{place}.{name}" if place else name)
    elif stated != stored:
        yield f"{place}: the passport says {_short(stated)}, the store {_short(stored)}"


def _short(value: Any) -> str:
    text = canonical(value).decode("utf-8")
    return text if len(text) <= 90 else text[:87] + "..."


def _of_station(results: Path, database: sqlite3.Connection, station: str) -> Iterator[str]:
    """The station's chain, and every record.json of it that lies in ``results``."""
    yield from chain_problems(database, station)
    for path in sorted(results.glob("????-??-??/*/record.json")):
        try:
            record = parsed(path.read_bytes())
            digest = hashlib.sha256(canonical(record)).hexdigest()
        except (OSError, NotCanonical) as error:
            yield f"{path}: {error}"
            continue
        if not isinstance(record, dict) or record.get("station") != station:
            continue
        link = last_link(database, str(record.get("run_id")))
        if link is None:
            yield f"{path}: its run is not in the chain of station {station}"
        elif link.record != digest:
            yield f"{path}: was changed after its run was closed"


def _own_record(results: Path, statement: PassportStatement) -> Iterator[str]:
    folder = folder_of(results, statement)
    if folder is None:
        yield f"found serial {statement.serial[:40]!r}, run {statement.run_id[:40]!r}, expected ones of a run"
    elif not folder.record.is_file():
        yield f"{folder.record}: is gone"
