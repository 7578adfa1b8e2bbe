"""The whole way from the station's store to a real PostgreSQL, through deaths and outages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from proofs.fake_influx import BUCKET, ORG, TOKEN, FakeInflux, Fault
from proofs.servers import Postgres, eventually
from rig.clock import SystemClock
from rig.destinations import Backend, PlantEntry, TelemetryEntry
from rig.errors import UsageError
from rig.records import STORE_FILE, RunRecord, State, Store
from rig.records.outbox import uploader
from rig.records.outbox.service import Outbox, WaysOut, open_spool, status
from rig.records.outbox.uploader import Going
from rig.records.plant.address import PlantAddress
from rig.records.plant.migrations import prepare
from rig.records.plant.postgres import PlantConnection
from rig.records.plant.store import PlantStore

Make = Callable[..., RunRecord]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDLE_SECONDS", "FIRST_SECONDS"):
        monkeypatch.setattr(uploader, name, 0.05)
    monkeypatch.setattr(uploader, "MOST_SECONDS", 0.2)
    monkeypatch.setattr(uploader, "HELD_SECONDS", 0.2)


@pytest.fixture
def ways(plant_url: str) -> WaysOut:
    return WaysOut(PlantAddress.of(plant_url, None, {}))


def put(results: Path, make: Make, count: int, prefix: str = "run") -> None:
    store = Store(results / STORE_FILE)
    for number in range(count):
        store.put(make(run_id=f"{prefix}-{number}"))


def test_runs_reach_the_plant(tmp_path: Path, plant: PlantStore, ways: WaysOut, make: Make) -> None:
    put(tmp_path, make, 3)

    with Outbox(tmp_path, ways, SystemClock()) as outbox:
        assert eventually(lambda: plant.counts() == (3, 0))
        Store(tmp_path / STORE_FILE).put(make(run_id="later"))
        assert eventually(lambda: plant.counts() == (4, 0))
        assert eventually(lambda: outbox.status().destinations[0].depth == 0)
        assert outbox.status().running

    found = status(tmp_path, ways, SystemClock())
    assert (found.running, found.alarms) == (False, ())


def test_only_one_process_sends(tmp_path: Path, plant: PlantStore, ways: WaysOut) -> None:
    with Outbox(tmp_path, ways, SystemClock()):
        with pytest.raises(UsageError, match="another process that sends"):
            Outbox(tmp_path, ways, SystemClock()).start()
        assert status(tmp_path, ways, SystemClock()).running


def test_a_wrong_password_holds_until_it_is_mended(
    tmp_path: Path, plant: PlantStore, plant_url: str, make: Make
) -> None:
    put(tmp_path, make, 2)
    file = tmp_path / "password"
    file.touch(mode=0o600)
    file.write_text("wrong")
    bare = PlantAddress.of(plant_url, None, {}).url
    entry = PlantEntry(url=bare, secret_file=file)
    ways = WaysOut(PlantAddress(bare, entry))

    with Outbox(tmp_path, ways, SystemClock()) as outbox:
        assert eventually(lambda: outbox.status().destinations[0].traffic.going is Going.HELD)  # type: ignore[union-attr]
        (alarm,) = outbox.status().alarms
        assert "password authentication failed" in alarm
        file.write_text(Postgres.PASSWORD)
        assert eventually(lambda: plant.counts() == (2, 0))

    assert status(tmp_path, ways, SystemClock()).destinations[0].dead_letters == 0


def test_poison_does_not_hold_up_the_others(
    tmp_path: Path, plant: PlantStore, ways: WaysOut, make: Make
) -> None:
    put(tmp_path, make, 3)
    event = make().events[0].model_copy(update={"text": "a \0 in it"})
    Store(tmp_path / STORE_FILE).put(make(run_id="poison").model_copy(update={"events": (event,)}))
    put(tmp_path, make, 3, "more")

    with Outbox(tmp_path, ways, SystemClock()) as outbox:
        assert eventually(lambda: plant.counts() == (6, 0))
        assert eventually(lambda: outbox.status().destinations[0].dead_letters == 1)

    assert any("1 dead letters" in alarm for alarm in status(tmp_path, ways, SystemClock()).alarms)


def test_two_stations_send_at_once(tmp_path: Path, plant: PlantStore, ways: WaysOut, make: Make) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        put(tmp_path / name, make, 20, name)

    with Outbox(tmp_path / "a", ways, SystemClock()), Outbox(tmp_path / "b", ways, SystemClock()):
        assert eventually(lambda: plant.counts() == (40, 0))


@pytest.fixture
def mortal(demand: Callable[[str, bool, str], None], postgres: Postgres) -> Iterator[Postgres]:
    """A server of its own that syncs, to be killed."""
    server = Postgres(synced=True)
    server.start()
    yield server
    server.remove()


def test_a_killed_server_loses_and_doubles_nothing(tmp_path: Path, mortal: Postgres, make: Make) -> None:
    address = PlantAddress.of(mortal.url, None, {})
    connection = PlantConnection(address)
    prepare(connection)
    connection.close()
    put(tmp_path, make, 30)

    with Outbox(tmp_path, WaysOut(address), SystemClock()) as outbox:
        store = Store(tmp_path / STORE_FILE)
        for number in range(60):
            state = State.PENDING if number % 3 == 0 else State.CLOSED
            store.put(make(run_id=f"live-{number}"), state)
            if number == 20:
                mortal.kill()
            if number == 40:
                mortal.start()
        for number in range(0, 60, 3):
            store.put(make(run_id=f"live-{number}"))
        assert eventually(lambda: outbox.status().destinations[0].depth == 0)

    with psycopg.connect(mortal.url) as database:
        rows = database.execute("SELECT run_id, state FROM rig.runs").fetchall()
    assert len(rows) == 90
    assert {state for _, state in rows} == {"closed"}
    assert len({run_id for run_id, _ in rows}) == 90


def test_one_destination_that_is_away_does_not_hold_up_the_other(
    tmp_path: Path, plant: PlantStore, ways: WaysOut, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIG_TEST_TOKEN", TOKEN)
    put(tmp_path, make, 3)
    with FakeInflux() as fake:
        fake.faults.extend([Fault(status=503)] * 3)
        entry = TelemetryEntry(backend=Backend.V2, url=fake.url, org=ORG, bucket=BUCKET,
                               secret_env="RIG_TEST_TOKEN")
        spool = open_spool(tmp_path, entry, SystemClock())
        spool.put([f"rig_board,slot=slot1 watts={second}.0 {10**18 + second}" for second in range(50)])
        fake.stop()

        said: list[tuple[str, Going]] = []
        with Outbox(tmp_path, WaysOut(ways.plant, entry), SystemClock(),
                    lambda name, traffic: said.append((name, traffic.going))) as outbox:
            assert eventually(lambda: plant.counts() == (3, 0))
            assert outbox.status().destinations[1].depth == 50
            fake.start()
            assert eventually(lambda: outbox.status().destinations[1].depth == 0)

    assert [going for name, going in said if name == "plant"] == [Going.SENDING]
    assert [going for name, going in said if name == "telemetry"][::len(said)] == [Going.WAITING]
    assert said[-1][1].is_well
    assert len(fake.kept.points) == fake.kept.lines == 50


def test_an_uploader_that_ends_by_itself_is_seen(
    tmp_path: Path, ways: WaysOut, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(self: object) -> float:
        raise ZeroDivisionError

    monkeypatch.setattr(uploader.Uploader, "step", spoilt)
    monkeypatch.setattr("threading.excepthook", lambda told: None)
    put(tmp_path, make, 1)

    with Outbox(tmp_path, ways, SystemClock()) as outbox:
        assert eventually(lambda: any("nothing is sent" in alarm for alarm in outbox.status().alarms))


def outbox_run(results: Path, url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "rig", "outbox", "run", "--results", str(results)],
        env=os.environ | {"RIG_PLANT": url}, stderr=subprocess.PIPE,
    )


def test_the_command_is_killed_and_started_again_and_ends_when_told(
    tmp_path: Path, plant: PlantStore, plant_url: str, make: Make
) -> None:
    put(tmp_path, make, 120)
    first = outbox_run(tmp_path, plant_url)
    assert eventually(lambda: plant.counts()[0] > 0, 60)
    first.send_signal(signal.SIGKILL)
    first.communicate()

    second = outbox_run(tmp_path, plant_url)
    assert eventually(lambda: plant.counts() == (120, 0), 60)
    assert eventually(lambda: status(tmp_path, WaysOut(), SystemClock()).destinations[0].depth == 0)
    told = time.monotonic()
    second.terminate()
    _, said = second.communicate(timeout=30)

    assert second.returncode == 0
    assert time.monotonic() - told < 10
    assert b"tests only" not in said
    assert b"Traceback" not in said


def test_status_can_be_read_by_a_program(tmp_path: Path, ways: WaysOut, make: Make) -> None:
    put(tmp_path, make, 2)

    told = json.loads(status(tmp_path, ways, SystemClock()).line())

    assert (told["running"], told["alarms"]) == (False, [])
    (plant,) = told["destinations"]
    assert (plant["name"], plant["depth"], plant["dead_letters"], plant["traffic"]) == ("plant", 2, 0, None)
    assert plant["oldest_seconds"] >= 0
