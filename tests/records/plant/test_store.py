"""Against a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from proofs.servers import Postgres
from rig.clock import VirtualClock
from rig.records import STORE_FILE, RunRecord, State, Store
from rig.records.outbox.delivery import Outcome
from rig.records.outbox.results import ResultParcel, ResultQueue
from rig.records.plant.address import PlantAddress
from rig.records.plant.migrations import VERSION, grant, prepare
from rig.records.plant.postgres import PlantConnection, PlantFault
from rig.records.plant.store import PlantSender, PlantStore
from rig.records.repairs import Kind, Repair, RepairBook

Make = Callable[..., RunRecord]
GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def queue(tmp_path: Path) -> ResultQueue:
    return ResultQueue(tmp_path / STORE_FILE, VirtualClock())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / STORE_FILE)


def parcels(queue: ResultQueue) -> list[ResultParcel]:
    taken = list(queue.take())
    queue.settle(taken, [])
    return taken


def ask(url: str, question: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as database:
        return database.execute(question.encode()).fetchall()


def test_a_run_comes_back_as_it_went(
    plant: PlantStore, store: Store, queue: ResultQueue, records: dict[str, RunRecord]
) -> None:
    kept = [record.model_copy(update={"run_id": f"run-{name}"}) for name, record in records.items()]
    for record in kept:
        store.put(record)

    plant.put(parcels(queue))

    assert [plant.get(record.run_id) for record in kept] == kept
    assert plant.get("absent") is None
    assert sorted(run.run_id for run in plant.runs_of(kept[0].serial)) == sorted(run.run_id for run in kept)


def test_columns_can_be_asked(
    plant: PlantStore, plant_url: str, store: Store, queue: ResultQueue, make: Make
) -> None:
    store.put(make(chips_found=30))

    plant.put(parcels(queue))

    row = ask(plant_url, "SELECT verdict, board_code, simulated, started, watts, state, record->>'grade', "
                         "joules_per_terahash FROM rig.runs")
    began = datetime(2026, 1, 1, 8, tzinfo=UTC)
    assert row == [("FAIL", "CHAIN-SHORT", True, began, 1051.2, "closed", None, None)]


def test_the_same_parcels_again_change_nothing(
    plant: PlantStore, plant_url: str, store: Store, queue: ResultQueue, make: Make
) -> None:
    store.put(make())
    taken = parcels(queue)
    plant.put(taken)
    before = ask(plant_url, "SELECT * FROM rig.runs")

    plant.put(taken)
    plant.put(taken)

    assert ask(plant_url, "SELECT * FROM rig.runs") == before


@pytest.mark.parametrize("last", [State.CLOSED, State.VOID])
def test_an_older_state_never_replaces_a_newer_one(
    plant: PlantStore, store: Store, queue: ResultQueue, make: Make, last: State
) -> None:
    store.put(make(), State.PENDING)
    pending = parcels(queue)
    newer = make().model_copy(update={"grade": "L2"})
    store.put(newer, last)
    closed = parcels(queue)

    plant.put(pending)
    plant.put(closed)
    plant.put(pending)                              # a connection that hung

    assert plant.state_of(newer.run_id) is last
    assert plant.get(newer.run_id) == newer


def test_a_store_made_anew_does_not_make_closed_runs_pending(
    plant: PlantStore, store: Store, queue: ResultQueue, make: Make
) -> None:
    store.put(make())
    plant.put(parcels(queue))
    store.put(make(), State.PENDING)

    late = parcels(queue)                           # with a higher number than the closed one

    plant.put(late)
    assert plant.state_of(make().run_id) is State.CLOSED


def test_stations_with_the_same_run_id_keep_both(
    plant: PlantStore, store: Store, queue: ResultQueue, make: Make
) -> None:
    first = make()
    second = first.model_copy(update={"station": "bench-9", "serial": "SIM0000000000009Z"})
    for record in (first, second):
        store.put(record)
        plant.put(parcels(queue))

    assert plant.runs_of(first.serial) == [first]
    assert plant.runs_of(second.serial) == [second]
    assert [(one.station, one.runs) for one in plant.stations()] == [("bench-3", 1), ("bench-9", 1)]


def test_repairs_arrive_once(
    plant: PlantStore, store: Store, queue: ResultQueue, make: Make, tmp_path: Path
) -> None:
    store.put(make(chips_found=30))
    book = RepairBook(tmp_path / STORE_FILE)
    at = datetime(2026, 1, 2, 9, 30, 0, 123456, tzinfo=UTC)
    told = [
        book.keep(Repair.told(make().serial, at, Kind.REPAIR, did="chip 12 reflowed; it's \"good\"",
                              operator="Łucja", code="CHAIN-SHORT", place="chip 12")),
        book.keep(Repair.told(make().serial, at + timedelta(hours=1), Kind.RELEASE, did="seen",
                              operator="Ada")),
    ]
    taken = parcels(queue)

    plant.put(taken)
    plant.put(taken)

    assert plant.repairs_of(make().serial) == told
    assert plant.counts() == (1, 2)


def test_runs_of_a_time_come_in_batches(
    plant: PlantStore, store: Store, queue: ResultQueue, make: Make
) -> None:
    began = make().started
    for hour in range(7):
        store.put(make(run_id=f"run-{hour}").model_copy(update={"started": began + timedelta(hours=hour)}))
    plant.put(parcels(queue))

    found = [[run.run_id for run in some]
             for some in plant.runs(began + timedelta(hours=1), began + timedelta(hours=6), batch=2)]

    assert found == [["run-1", "run-2"], ["run-3", "run-4"], ["run-5"]]


def test_records_of_older_versions_are_read(plant: PlantStore, store: Store, queue: ResultQueue) -> None:
    files = sorted(GOLDEN.glob("record_*.json"))
    for file in files:
        record = RunRecord.model_validate_json(file.read_text())
        store.put(record.model_copy(update={"run_id": file.stem}))

    plant.put(parcels(queue))

    for file in files:
        found = plant.get(file.stem)
        assert found is not None
        wanted = json.loads(file.read_text()) | {"run_id": file.stem}
        assert found == RunRecord.model_validate(wanted)


def test_preparing_twice_is_harmless(plant_url: str) -> None:
    connection = PlantConnection(PlantAddress.of(plant_url, None, {}))

    assert prepare(connection) == (0, VERSION)
    assert prepare(connection) == (VERSION, VERSION)
    connection.close()


def test_a_plant_that_is_not_ready_is_held(
    plant_url: str, store: Store, queue: ResultQueue, make: Make
) -> None:
    store.put(make())
    sender = PlantSender(PlantAddress.of(plant_url, None, {}))

    delivery = sender.send(queue.take())

    sender.close()
    assert delivery.outcome is Outcome.HELD
    assert "rig plant init" in delivery.reason


def test_a_newer_plant_is_held(plant: PlantStore, plant_url: str) -> None:
    with psycopg.connect(plant_url) as database:
        database.execute("UPDATE rig.version SET version = version + 1")

    with pytest.raises(PlantFault, match="update this one") as caught:
        plant.counts()

    assert caught.value.outcome is Outcome.HELD


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        (("rig:", "somebody:"), Outcome.HELD),
        (("for%2Ftests", "wrong"), Outcome.HELD),
        (("/plant_", "/no_plant_"), Outcome.HELD),
        (("127.0.0.1", "no-such-host.invalid"), Outcome.LATER),
    ],
)
def test_why_it_cannot_be_reached_decides(
    plant_url: str, changed: tuple[str, str], outcome: Outcome
) -> None:
    sender = PlantSender(PlantAddress.of(plant_url.replace(*changed), None, {}))

    delivery = sender.send([])

    assert delivery.outcome is outcome
    assert "tests only" not in delivery.reason
    assert "wrong%20only" not in delivery.reason


def test_nobody_there_is_tried_again() -> None:
    sender = PlantSender(PlantAddress.of("postgresql://rig@127.0.0.1:9/rig", None, {}))

    assert sender.send([]).outcome is Outcome.LATER


def test_what_the_database_cannot_hold_is_refused(
    plant: PlantStore, store: Store, queue: ResultQueue, make: Make
) -> None:
    event = make().events[0].model_copy(update={"text": "a \0 in it"})
    store.put(make().model_copy(update={"events": (event,)}))

    with pytest.raises(PlantFault) as caught:
        plant.put(queue.take())

    assert caught.value.outcome is Outcome.REFUSED


def test_a_station_writes_and_qa_reads(
    plant: PlantStore, plant_url: str, postgres: Postgres, store: Store, queue: ResultQueue, make: Make
) -> None:
    owner = PlantConnection(PlantAddress.of(plant_url, None, {}))
    grant(owner)
    grant(owner)
    owner.close()
    with psycopg.connect(plant_url, autocommit=True) as database:
        for name, role in (("line3", "rig_station"), ("ada", "rig_qa")):
            database.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'word' IN ROLE {role}".encode())
    place = plant_url.partition("@")[2]
    store.put(make())
    station = PlantStore(PlantAddress.of(f"postgresql://line3:word@{place}", None, {}))
    reader = PlantStore(PlantAddress.of(f"postgresql://ada:word@{place}", None, {}))
    taken = queue.take()

    station.put(taken)
    station.put(taken)
    assert reader.get(make().run_id) == make()
    with pytest.raises(PlantFault, match="permission denied") as caught:
        reader.put(taken)

    assert caught.value.outcome is Outcome.HELD
    with psycopg.connect(f"postgresql://line3:word@{place}") as database, \
            pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.execute("DELETE FROM rig.runs")
    station.close()
    reader.close()
