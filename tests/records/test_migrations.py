"""Databases and records of older rigs are read, and brought up to date where they lie.

golden/store_1.sql and record_1.json were written by the rig of that version; they never change.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rig.errors import StationFault
from rig.records import CycleBook, Cycles, RunRecord, State, Store, read_record
from rig.records.migrations import MIGRATIONS, VERSION
from rig.verdict import Verdict

GOLDEN = Path(__file__).parent / "golden"
SERIAL = "SIM0000000000001A"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database of version 1."""
    path = tmp_path / "rig.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript((GOLDEN / "store_1.sql").read_text(encoding="utf-8"))
    return path


def look(path: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(question).fetchall()


def test_an_old_store_is_brought_up_to_date(old: Path) -> None:
    assert look(old, "PRAGMA user_version") == [(1,)]
    runs = Store(old).runs_of(SERIAL)
    assert [run.verdict for run in runs] == [Verdict.PASS, Verdict.FAIL]
    assert [Store(old).state_of(run.run_id) for run in runs] == [State.CLOSED, State.CLOSED]
    assert look(old, "PRAGMA user_version") == [(VERSION,)]
    Store(old).check()


def test_its_wear_is_counted_on(old: Path) -> None:
    book = CycleBook(old, "sim", "slot1")
    assert book.contacts(5) == ((1, 0.0015),)
    assert book.count() == Cycles(2, 2)


def test_a_store_that_only_counted_cycles_becomes_whole(tmp_path: Path) -> None:
    path = tmp_path / "rig.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "CREATE TABLE cycles (fixture TEXT NOT NULL, slot TEXT NOT NULL, count INTEGER NOT NULL, "
            "PRIMARY KEY (fixture, slot)) STRICT"
        )
        database.execute("INSERT INTO cycles VALUES ('sim', 'slot1', 41)")
        database.commit()
    assert CycleBook(path, "sim", "slot1").count() == Cycles(42, 42)
    assert Store(path).get("absent") is None


def test_an_old_and_a_new_store_are_the_same(old: Path, tmp_path: Path) -> None:
    Store(old)
    Store(tmp_path / "new.db")
    columns = (
        'SELECT m.name, c.name, c.type, c."notnull" FROM sqlite_master m, pragma_table_info(m.name) c '
        "WHERE m.type = 'table' ORDER BY 1, 2"
    )
    assert look(old, columns) == look(tmp_path / "new.db", columns)


def test_every_table_is_strict(tmp_path: Path) -> None:
    Store(tmp_path / "rig.db")
    tables = look(
        tmp_path / "rig.db", "SELECT name, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite_%'"
    )
    assert {"runs", "cycles", "contacts"} <= {name for name, _ in tables}
    assert all(strict == 1 for _, strict in tables)


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "rig.db"
    Store(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(StationFault, match=rf"found store version {VERSION + 1}, expected at most {VERSION}"):
        Store(path)
    assert look(path, "PRAGMA user_version") == [(VERSION + 1,)]


def test_a_step_that_fails_leaves_the_old_version(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt = (*MIGRATIONS, ("CREATE TABLE more (n INTEGER) STRICT", "no statement"))
    monkeypatch.setattr("rig.records.migrations.MIGRATIONS", spoilt)
    monkeypatch.setattr("rig.records.migrations.VERSION", len(spoilt))
    with pytest.raises(StationFault, match="syntax error"):
        Store(old)
    assert look(old, "PRAGMA user_version") == [(1,)]
    assert look(old, "SELECT name FROM pragma_table_info('runs') WHERE name = 'state'") == []


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("record_*.json")), ids=lambda file: file.stem)
def test_old_records_are_read(file: Path) -> None:
    record = read_record(file)
    assert record.schema_version == int(file.stem.removeprefix("record_"))
    assert (record.serial, record.verdict, record.failure_code) == (SERIAL, Verdict.FAIL, "CHAIN-SHORT")
    assert RunRecord.model_validate_json(record.model_dump_json()) == record


def test_the_last_of_all_runs_are_found_without_looking_at_all(tmp_path: Path) -> None:
    """A record is long: a list of fifty must not read a year of them."""
    Store(tmp_path / "rig.db")
    plan = " ".join(str(row[3]) for row in look(
        tmp_path / "rig.db",
        "EXPLAIN QUERY PLAN SELECT run_id FROM runs WHERE state != 'pending' AND slot = 'slot1' "
        "ORDER BY started DESC, rowid DESC LIMIT 50",
    ))
    assert "runs_by_start" in plan
    assert "TEMP B-TREE" not in plan
