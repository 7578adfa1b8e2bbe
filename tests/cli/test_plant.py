"""``rig plant`` and ``rig outbox`` at the terminal, against a real PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from rig.cli import app
from rig.clock import SystemClock
from rig.errors import RigError, UsageError
from rig.records import STORE_FILE, MadeBy, RunRecord, Store
from rig.records.outbox.delivery import Refusal
from rig.records.outbox.results import ResultQueue
from rig.records.plant.address import PlantAddress
from rig.records.plant.store import PlantSender
from rig.verdict import Verdict

RUN = RunRecord(
    run_id="20260101T080000-00c0de", serial="S21PROTEST0000001", product="s21pro", slot="slot2",
    station="b-7", fixture="sim", simulated=True, started=datetime(2026, 1, 1, 8, tzinfo=UTC),
    ended=datetime(2026, 1, 1, 9, tzinfo=UTC), seconds=60.0, made_by=MadeBy(rig_version="0", plan={}),
    verdict=Verdict.PASS, board_verdict=Verdict.PASS,
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    Store(tmp_path / STORE_FILE).put(RUN)
    return tmp_path


def rig(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_a_plant_is_made_ready_and_looked_at(results: Path, plant_url: str) -> None:
    made = rig("plant", "init", "--url", plant_url, "--roles")
    again = rig("plant", "init", "--url", plant_url)
    sender = PlantSender(PlantAddress.of(plant_url, None, {}))
    sender.send(ResultQueue(results / STORE_FILE, SystemClock()).take())
    sender.close()
    looked = rig("plant", "status", "--url", plant_url)
    told = json.loads(rig("plant", "status", "--url", plant_url, "--json").stdout)

    assert (made.exit_code, again.exit_code, looked.exit_code) == (0, 0, 0)
    assert "tables of version 1 made" in made.stdout
    assert "rig_station writes, rig_qa reads" in made.stdout
    assert "as they should be" in again.stdout
    assert "1 runs, 0 repairs" in looked.stdout
    assert told["stations"][0] | {"last": ""} == {"station": "b-7", "runs": 1, "last": ""}
    for result in (made, again, looked):
        assert "tests" not in result.output         # the password


def test_a_plant_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RIG_PLANT", raising=False)
    away = rig("plant", "status", "--url", "postgresql://rig:secret@127.0.0.1:9/rig")
    none = rig("plant", "status")

    assert isinstance(away.exception, RigError)
    assert "Connection refused" in str(away.exception)
    assert "secret" not in str(away.exception)
    assert isinstance(none.exception, UsageError)


def test_the_outbox_is_looked_at(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RIG_PLANT", raising=False)
    looked = rig("outbox", "status", "--results", str(results))
    told = rig("outbox", "status", "--results", str(results), "--json")

    assert looked.exit_code == 0
    assert "nobody sends" in looked.stdout
    assert "1 runs and repairs wait" in looked.stdout
    assert json.loads(told.stdout)["destinations"][0]["depth"] == 1


def test_dead_letters_are_an_alarm_and_can_be_tried_again(results: Path) -> None:
    queue = ResultQueue(results / STORE_FILE, SystemClock())
    (parcel,) = queue.take()
    queue.settle([parcel], [Refusal(parcel, "found 22P05")])

    status = rig("outbox", "status", "--results", str(results))
    letters = rig("outbox", "letters", "--results", str(results))
    retried = rig("outbox", "retry", "--results", str(results))
    after = rig("outbox", "status", "--results", str(results))

    assert status.exit_code == 1
    assert "ALARM plant: 1 dead letters" in status.stdout
    assert f"run {RUN.run_id}" in letters.stdout
    assert "found 22P05" in letters.stdout
    assert "plant: 1 put back" in retried.stdout
    assert after.exit_code == 0


@pytest.mark.parametrize("words", [("status",), ("retry",), ("letters",), ("run", "--url", "postgresql://a/b")])
def test_a_mistyped_folder_does_not_become_one(words: tuple[str, ...], tmp_path: Path) -> None:
    found = rig("outbox", *words, "--results", str(tmp_path / "absent"))

    assert isinstance(found.exception, UsageError)
    assert not (tmp_path / "absent").exists()


def test_nothing_to_send_to_is_said(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RIG_PLANT", raising=False)

    assert isinstance(rig("outbox", "run", "--results", str(results)).exception, UsageError)
