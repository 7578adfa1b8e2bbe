"""The chain of a station's records: nothing is changed or taken out without a word."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from rig.records import RunRecord, State, Store
from rig.records.chain import BEGINNING, chain_problems, last_link, link_before, take_in
from rig.records.database import reading, transaction
from rig.records.write import record_text

Make = Callable[..., RunRecord]
STATION = "bench-3"
RUNS = [f"run-{number}" for number in range(4)]


@pytest.fixture
def path(tmp_path: Path, make: Make) -> Path:
    store = Store(tmp_path / "rig.db")
    for run_id in RUNS:
        store.put(make(run_id=run_id))
    return tmp_path / "rig.db"


def problems(path: Path, station: str = STATION) -> list[str]:
    with reading(path) as database:
        return list(chain_problems(database, station))


def spoil(path: Path, *statements: str) -> None:
    """As somebody who can write the file, and knows how to get around its triggers."""
    with closing(sqlite3.connect(path)) as database:
        for statement in ("DROP TRIGGER chain_is_not_cut", "DROP TRIGGER chain_is_not_bent", *statements):
            database.execute(statement)
        database.commit()


def links(path: Path) -> list[tuple[int, str, str, str]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT number, run_id, previous, link FROM chain ORDER BY place").fetchall()


def test_each_closed_run_follows_the_one_before_it(path: Path) -> None:
    before = BEGINNING
    for place, (number, run_id, previous, link) in enumerate(links(path), start=1):
        assert (number, run_id, previous) == (place, RUNS[place - 1], before)
        before = link
    assert problems(path) == []


def test_a_pending_run_is_linked_when_its_end_has_come(path: Path, make: Make) -> None:
    store = Store(path)
    for run_id, end in (("fifth", State.CLOSED), ("sixth", State.VOID)):
        store.put(make(run_id=run_id), State.PENDING)
        assert run_id not in [link[1] for link in links(path)]
        assert problems(path) == []
        store.put(make(run_id=run_id), end)
    with reading(path) as database:
        states = [link.state for link in (last_link(database, one) for one in ("fifth", "sixth")) if link]
    assert states == ["closed", "void"]
    assert problems(path) == []


def test_recovery_that_stores_a_run_again_adds_nothing(path: Path, make: Make) -> None:
    Store(path).put(make(run_id=RUNS[1]))
    assert len(links(path)) == 4


def test_a_run_stored_with_other_contents_gets_a_link_more(path: Path, make: Make) -> None:
    Store(path).put(make(run_id=RUNS[1], board_watts=1090.0))
    assert [link[1] for link in links(path)] == [*RUNS, RUNS[1]]
    assert problems(path) == []


def test_stations_have_chains_of_their_own(path: Path, make: Make) -> None:
    Store(path).put(make(run_id="elsewhere").model_copy(update={"station": "bench-4"}))
    assert links(path)[-1][:3] == (1, "elsewhere", BEGINNING)
    assert problems(path) == problems(path, "bench-4") == []


def test_the_boards_run_before_is_found_across_stations(path: Path, make: Make) -> None:
    Store(path).put(make(run_id="other").model_copy(update={"serial": "OTHER"}))
    Store(path).put(make(run_id="later").model_copy(update={"station": "bench-4"}))
    with reading(path) as database:
        later, other, first = (last_link(database, one) for one in ("later", "other", RUNS[0]))
        assert later is not None
        assert other is not None
        assert first is not None
        before = link_before(database, later, make().serial)
        assert before is not None
        assert before.run_id == RUNS[3]
        assert link_before(database, other, "OTHER") is None
        assert link_before(database, first, make().serial) is None


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("DELETE FROM runs WHERE run_id = 'run-1'", "number 2, run run-1: its record is gone from the store"),
        ("DELETE FROM chain WHERE number = 2", "found number 3 after 1, expected 2"),
        ("DELETE FROM chain WHERE number = 4", "run run-3 is stored but has no link"),
        ("UPDATE runs SET record = replace(record, '\"chips_found\":65', '\"chips_found\":64') "
         "WHERE run_id = 'run-2'", "number 3, run run-2: its record in the store was changed"),
        ("UPDATE runs SET record = '{' WHERE run_id = 'run-2'", "its record in the store is damaged"),
        ("UPDATE runs SET state = 'void' WHERE run_id = 'run-0'", "the store says void, the chain closed"),
        ("UPDATE chain SET record = link WHERE number = 2", "number 2, run run-1: its link was changed"),
        ("UPDATE chain SET previous = link WHERE number = 3", "number 3 does not follow the link before it"),
    ],
)
def test_what_was_changed_behind_the_stations_back_is_told(path: Path, statement: str, says: str) -> None:
    spoil(path, statement)
    found = problems(path)
    assert any(says in one for one in found), found


@pytest.mark.parametrize("statement", ["DELETE FROM chain", "UPDATE chain SET run_id = 'x'"])
def test_links_are_not_changed_by_mistake(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as database, pytest.raises(sqlite3.IntegrityError, match="never"):
        database.execute(statement)


def test_runs_from_before_there_were_chains_are_taken_in_oldest_first(path: Path, make: Make) -> None:
    spoil(path, "DELETE FROM chain", "UPDATE runs SET record = '{' WHERE run_id = 'run-2'")
    Store(path).put(make(run_id="new"))
    assert [link[1] for link in links(path)] == ["run-0", "run-1", "run-3", "new"]
    assert problems(path) == [f"chain of station {STATION}: run run-2 is stored but has no link"]


def test_taking_in_is_done_once(path: Path) -> None:
    before = links(path)
    with transaction(path) as database:
        take_in(database, STATION)
    assert links(path) == before


PUTTER = """
import sys
from pathlib import Path
from rig.records import RunRecord, Store
record = RunRecord.model_validate_json(Path(sys.argv[2]).read_text())
sys.stdin.readline()
for number in range(8):
    Store(Path(sys.argv[1])).put(record.model_copy(update={"run_id": f"{sys.argv[3]}-{number}"}))
"""


def test_slots_that_finish_at_once_stand_one_after_the_other(tmp_path: Path, make: Make) -> None:
    (tmp_path / "record.json").write_text(record_text(make()))
    command = [sys.executable, "-c", PUTTER, str(tmp_path / "rig.db"), str(tmp_path / "record.json")]
    slots = [subprocess.Popen([*command, name], stdin=subprocess.PIPE) for name in ("a", "b")]
    for slot in slots:
        assert slot.stdin is not None
        slot.stdin.write(b"\n")
        slot.stdin.close()
    assert [slot.wait(60) for slot in slots] == [0, 0]
    assert [link[0] for link in links(tmp_path / "rig.db")] == list(range(1, 17))
    assert problems(tmp_path / "rig.db") == []


def test_the_hash_of_a_link_is_the_documented_one(path: Path, make: Make) -> None:
    number, run_id, previous, link = links(path)[1]
    record = json.dumps(json.loads(make(run_id=run_id).model_dump_json()), ensure_ascii=False, sort_keys=True,
                        separators=(",", ":")).encode()
    told = json.dumps(
        {"station": STATION, "number": number, "run_id": run_id, "state": "closed", "previous": previous,
         "record": hashlib.sha256(record).hexdigest()}, sort_keys=True, separators=(",", ":"),
    )
    assert hashlib.sha256(told.encode()).hexdigest() == link
