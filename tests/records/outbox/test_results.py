from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rig.clock import SystemClock
from rig.records import STORE_FILE, RunRecord, State, Store
from rig.records.database import transaction
from rig.records.outbox.delivery import Refusal
from rig.records.outbox.results import MOST_ROWS, ResultQueue, What
from rig.records.repairs import Kind, Repair, RepairBook

Make = Callable[..., RunRecord]
GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / STORE_FILE


@pytest.fixture
def queue(path: Path) -> ResultQueue:
    return ResultQueue(path, SystemClock())


def test_a_run_is_queued_with_its_row(path: Path, queue: ResultQueue, make: Make) -> None:
    Store(path).put(make(), State.PENDING)

    (parcel,) = queue.take()

    assert (parcel.what, parcel.key, parcel.state) == (What.RUN, make().run_id, "pending")
    assert RunRecord.model_validate_json(parcel.record) == make()
    assert queue.depth().rows == queue.waiting() == 1
    assert queue.depth().size == len(make().model_dump_json())


def test_how_much_waits_is_told_by_the_last_that_wait(path: Path, queue: ResultQueue, make: Make) -> None:
    runs = [make().model_copy(update={"run_id": f"run-{number:04d}"}) for number in range(MOST_ROWS + 10)]
    for run in runs:
        Store(path).put(run)
    assert queue.depth().rows == len(runs)
    assert queue.depth().size == sum(len(run.model_dump_json()) for run in runs)


def test_a_row_that_is_not_kept_is_not_queued(path: Path, queue: ResultQueue, make: Make) -> None:
    store = Store(path)

    def spoil() -> None:
        with transaction(path) as database:
            database.execute("INSERT INTO repairs (serial, at, kind, did, operator) "
                             "VALUES ('A', '2026-01-01', 'repair', 'b', 'c')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        spoil()

    assert queue.take() == []
    store.check()


def test_a_state_that_came_while_the_older_was_sent_is_sent_too(
    path: Path, queue: ResultQueue, make: Make
) -> None:
    store = Store(path)
    store.put(make(), State.PENDING)
    sent = queue.take()
    store.put(make())

    queue.settle(sent, [])

    (left,) = queue.take()
    assert (left.state, left.number > sent[0].number) == ("closed", True)


def test_a_repair_is_queued(path: Path, queue: ResultQueue, make: Make) -> None:
    Store(path).put(make())
    RepairBook(path).keep(Repair.told(
        make().serial, datetime(2026, 1, 2, tzinfo=UTC), Kind.RELEASE, did="seen", operator="Ada"
    ))

    _, repair = queue.take()

    assert (repair.what, repair.columns["did"]) == (What.REPAIR, "seen")
    assert repair.columns["run_id"] == make().run_id


def test_what_an_older_rig_kept_is_queued_too(path: Path, queue: ResultQueue) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript((GOLDEN / "store_1.sql").read_text(encoding="utf-8"))

    assert len(queue.take()) == 2


def test_batches_are_bounded(path: Path, make: Make) -> None:
    store = Store(path)
    for number in range(5):
        store.put(make(run_id=f"run-{number}"))
    queue = ResultQueue(path, SystemClock(), most_rows=2)

    sent = []
    while taken := queue.take():
        sent += [[parcel.key for parcel in taken]]
        queue.settle(taken, [])

    assert sent == [["run-0", "run-1"], ["run-2", "run-3"], ["run-4"]]


def test_a_dead_letter_waits_for_a_person(path: Path, queue: ResultQueue, make: Make) -> None:
    Store(path).put(make())
    (parcel,) = queue.take()

    queue.settle([parcel], [Refusal(parcel, "not a value")])

    assert queue.take() == []
    found = [(one.what, one.reason) for one in queue.dead_letters()]
    assert found == [(f"run {make().run_id}", "not a value")]
    assert Store(path).get(make().run_id) == make()
    assert queue.retry() == 1
    assert [one.key for one in queue.take()] == [make().run_id]
    assert queue.dead_letters() == []


def test_a_newer_state_that_is_taken_ends_the_dead_letter(path: Path, queue: ResultQueue, make: Make) -> None:
    store = Store(path)
    store.put(make(), State.PENDING)
    (pending,) = queue.take()
    queue.settle([pending], [Refusal(pending, "not a value")])
    store.put(make())

    queue.settle(queue.take(), [])

    assert queue.dead_letters() == []
