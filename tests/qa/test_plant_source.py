"""Reports from the plant's database, against a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rig.clock import VirtualClock
from rig.qa.lake import refresh
from rig.qa.plant_source import PlantRuns
from rig.qa.select import Asked, Chosen
from rig.qa.source import StationStore
from rig.records import STORE_FILE, RunRecord, Store
from rig.records.outbox.results import ResultQueue
from rig.records.plant.address import PlantAddress
from rig.records.plant.migrations import prepare
from rig.records.plant.postgres import PlantConnection
from rig.records.plant.store import PlantStore
from rig.records.repairs import Kind, Repair, RepairBook
from tests.qa.conftest import make_record
from tests.qa.test_lake import TODAY


@pytest.fixture
def sent(tmp_path: Path, plant_url: str) -> PlantAddress:
    """Two runs and a repair of a station, in the plant's database."""
    address = PlantAddress.of(plant_url, None)
    connection = PlantConnection(address)
    prepare(connection)
    connection.close()
    store, queue = Store(tmp_path / STORE_FILE), ResultQueue(tmp_path / STORE_FILE, VirtualClock())
    failed = {"verdict": "FAIL", "board_verdict": "FAIL", "failure_code": "CHIP-WEAK"}
    for one in (make_record("20261101T080000-000001", **failed), make_record("20261103T080000-000002")):
        store.put(RunRecord.model_validate(one))
    RepairBook(tmp_path / STORE_FILE).keep(Repair.told(
        "BOARD1", datetime(2026, 11, 2, tzinfo=UTC), Kind.REPAIR, did="reflow", operator="mia",
        code="CHIP-WEAK", place="chip 3",
    ))
    plant = PlantStore(address)
    plant.put(list(queue.take()))
    plant.close()
    return address


def test_the_plant_tells_what_the_station_tells(sent: PlantAddress, tmp_path: Path) -> None:
    plant, station = PlantRuns(sent), StationStore(tmp_path)

    of_plant, of_station = (
        Chosen(refresh(source, tmp_path / name, TODAY), Asked()).rows("SELECT * EXCLUDE (part) FROM units")
        for name, source in (("a", plant), ("b", station))
    )

    assert of_plant == of_station
    assert len(of_plant) == 1
    assert plant.repairs() == station.repairs()
    assert plant.run("20261103T080000-000002") == station.run("20261103T080000-000002")
    assert plant.last_of("BOARD1") == station.last_of("BOARD1")
    assert plant.days().keys() == station.days().keys()
    plant.close()
