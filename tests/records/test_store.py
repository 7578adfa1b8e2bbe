from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from rig.errors import StationFault
from rig.records import RunRecord, State, Store
from rig.records.database import transaction
from rig.records.write import record_text

Make = Callable[..., RunRecord]


def test_a_run_is_kept_once(tmp_path: Path, make: Make) -> None:
    store = Store(tmp_path / "rig.db")
    first, second = make(), make(chips_found=30, run_id="20260101T090000-ffffff")
    for record in (first, first, second):
        store.put(record)
    assert store.get(first.run_id) == first
    assert store.get("absent") is None
    assert store.runs_of(first.serial) == [first, second]
    assert Store(tmp_path / "rig.db").runs_of("nobody") == []


def test_the_row_can_be_asked_in_sql(tmp_path: Path, make: Make) -> None:
    Store(tmp_path / "rig.db").put(make(chips_found=30))
    database = sqlite3.connect(tmp_path / "rig.db")
    row = database.execute(
        "SELECT verdict, board_verdict, failure_code, simulated, started, joules_per_terahash, watts "
        "FROM runs"
    ).fetchone()
    assert row == ("FAIL", "FAIL", "CHAIN-SHORT", 1, "2026-01-01T08:00:00+00:00", None, 1051.2)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.execute("SELECT strict FROM pragma_table_list('runs')").fetchone() == (1,)
    with pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT"):
        database.execute("UPDATE runs SET watts = 'much'")
    database.close()


def test_commits_are_synchronous(tmp_path: Path) -> None:
    with transaction(tmp_path / "rig.db") as database:
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_failed_transaction_leaves_nothing(tmp_path: Path, make: Make) -> None:
    store = Store(tmp_path / "rig.db")
    store.put(make())

    def spoil() -> None:
        with transaction(tmp_path / "rig.db") as database:
            database.execute("DELETE FROM runs")
            database.execute("DELETE FROM absent")

    with pytest.raises(StationFault, match="no such table"):
        spoil()
    assert store.get(make().run_id) == make()


def test_a_state_is_kept_with_the_run(tmp_path: Path, make: Make) -> None:
    store = Store(tmp_path / "rig.db")
    assert store.state_of(make().run_id) is None
    for state in State:
        store.put(make(), state)
        assert store.state_of(make().run_id) is state
        assert store.get(make().run_id) == make()


def test_a_damaged_page_is_found(tmp_path: Path, make: Make) -> None:
    path = tmp_path / "rig.db"
    store = Store(path)
    for number in range(20):
        store.put(make(run_id=f"run-{number}"))
    store.check()
    with closing(sqlite3.connect(path)) as database:
        (root,) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'runs_by_serial'"
        ).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * size + size - 64)
        file.write(bytes(64))
    with pytest.raises(StationFault, match=r"rig\.db: found .*, expected a (whole database|store)"):
        store.check()


@pytest.mark.parametrize("spoil", ["folder", "garbage"])
def test_a_store_that_is_none_is_the_stations_fault(spoil: str, tmp_path: Path) -> None:
    path = tmp_path / "rig.db"
    if spoil == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"no database at all, but long enough to be looked at" * 20)
    with pytest.raises(StationFault, match=r"rig\.db: found"):
        Store(path)


PUTTER = """
import sys
from pathlib import Path
from rig.records import RunRecord, State, Store
record = RunRecord.model_validate_json(Path(sys.argv[2]).read_text())
sys.stdin.readline()
store = Store(Path(sys.argv[1]))
for number in range(10):
    store.put(record.model_copy(update={"run_id": f"{sys.argv[3]}-{number}"}))
"""


def test_slots_that_finish_at_once_all_get_their_rows(tmp_path: Path, make: Make) -> None:
    (tmp_path / "record.json").write_text(record_text(make()))
    arguments = [sys.executable, "-c", PUTTER, str(tmp_path / "rig.db"), str(tmp_path / "record.json")]
    slots = [subprocess.Popen([*arguments, name], stdin=subprocess.PIPE) for name in ("a", "b", "c")]
    for slot in slots:
        assert slot.stdin is not None
        slot.stdin.write(b"\n")
        slot.stdin.close()
    assert [slot.wait(60) for slot in slots] == [0, 0, 0]
    assert len(Store(tmp_path / "rig.db").runs_of(make().serial)) == 30
