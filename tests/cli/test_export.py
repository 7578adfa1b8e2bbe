"""``rig export`` on a station's store."""

from __future__ import annotations

import csv
import json
import socket
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from proofs.amqp_peer import amqp_peer
from rig.cli import main
from rig.purpose import Purpose
from rig.records import STORE_FILE, State, Store, read_record

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
NAMES = ("pass", "marginal", "fail", "station_fault")
RUN = "20260101T080000-00c0d0"
ALL = ("--since", "2026-01-01")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    store = Store(tmp_path / STORE_FILE)
    for place, name in enumerate(NAMES):
        record = read_record(GOLDEN / f"record_{name}.json")
        store.put(record.model_copy(update={
            "run_id": f"20260101T080000-00c0d{place}", "started": record.started + timedelta(hours=place),
        }))
    return tmp_path


def export(results: Path, *words: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(results)
        patch.setattr(sys, "argv", ["rig", "export", *words, "--results", str(results)])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(("name", "out"), [
    ("csv", "export.csv"), ("json", "export.json"), ("cfx", "export.jsonl"), ("stdf", "export-stdf"),
    ("parquet", "export-parquet"), ("junit", "export-junit"),
])
def test_each_format(name: str, out: str, results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(results, name, *ALL) == 0
    assert (results / out).exists()
    told = capsys.readouterr()
    assert told.err == f"{name}: 4 runs (4 simulated)\n"
    assert all(line.startswith(out) for line in told.out.splitlines())
    assert export(results, name, *ALL) == 0, "the same again"


def test_named_runs_to_a_named_file(results: Path) -> None:
    assert export(results, "csv", RUN, "--out", "one.csv") == 0
    with (results / "one.csv").open() as file:
        assert {row["run_id"] for row in csv.DictReader(file)} == {RUN}


def test_what_differs_is_not_replaced(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (results / "x.json").write_text("mine")
    assert export(results, "json", *ALL, "--out", "x.json") == 2
    assert (results / "x.json").read_text() == "mine"
    assert "found a file that differs" in capsys.readouterr().err
    assert export(results, "json", *ALL, "--out", "x.json", "--force") == 0
    assert len(json.loads((results / "x.json").read_text())) == 4


def test_an_empty_time_is_said_and_leaves_an_empty_file(
    results: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    assert export(results, "json", "--since", "2027-01-01") == 0
    assert json.loads((results / "export.json").read_text()) == []
    assert capsys.readouterr().err == "json: no closed runs from 2027-01-01T00:00:00+00:00\n"


def test_what_is_left_out_is_said(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = read_record(GOLDEN / "record_pass.json")
    store = Store(results / STORE_FILE)
    store.put(record.model_copy(update={"run_id": "void"}), State.VOID)
    store.put(record.model_copy(update={"run_id": "pending"}), State.PENDING)
    store.put(record.model_copy(update={"run_id": "eng", "purpose": Purpose.ENGINEERING}))
    assert export(results, "csv", *ALL) == 0
    assert capsys.readouterr().err == (
        "csv: 5 runs (5 simulated, 1 engineering); left out: 1 pending, 1 void\n"
    )


@pytest.mark.parametrize(("words", "says"), [
    (("csv", "20990101T000000-00c0de"), "run 20990101T000000-00c0de: not in"),
    (("csv",), "found neither runs nor a time"),
    (("csv", RUN, *ALL), "found runs and a time"),
    (("xlsx", RUN), "format: found 'xlsx', expected one of"),
    (("csv", "--since", "monday"), "expected a date or a time"),
    (("csv", "--since", "2026-01-02", "--until", "2026-01-01"), "expected a time after"),
    (("csv", RUN, "--to", "amqp://127.0.0.1/x"), "--to: only for cfx"),
    (("csv", RUN, "--simulated"), "--simulated: only with --to"),
    (("cfx", RUN, "--to", "http://127.0.0.1/x"), "expected amqp://"),
])
def test_what_cannot_be_done(
    words: tuple[str, ...], says: str, results: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    assert export(results, *words) == 2
    told = capsys.readouterr()
    assert told.err.startswith("rig: ")
    assert says in told.err
    assert told.err.count("\n") == 1
    assert {path.name.removesuffix("-wal").removesuffix("-shm") for path in results.iterdir()} == {STORE_FILE}


def test_no_store_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(tmp_path, "csv", *ALL) == 2
    assert "expected the store of a station" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_endpoint_that_is_away_ends_with_3(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"amqp://127.0.0.1:{held.getsockname()[1]}/cfx"
        assert export(results, "cfx", *ALL, "--to", address, "--simulated") == 3
    told = capsys.readouterr()
    assert told.err.startswith("rig: 127.0.0.1:")
    assert (told.err.count("\n"), told.out) == (1, "")


def test_simulated_runs_are_sent_only_when_told(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real = read_record(GOLDEN / "record_pass.json").model_copy(update={"run_id": "real", "simulated": False})
    Store(results / STORE_FILE).put(real)
    Store(results / STORE_FILE).put(
        real.model_copy(update={"run_id": "golden", "purpose": Purpose.GOLDEN})
    )
    with amqp_peer() as peer:
        address = f"amqp://127.0.0.1:{peer.port}/cfx"
        assert export(results, "cfx", *ALL, "--to", address) == 0
        assert [json.loads(message.body)["Source"] for message in peer.found] == ["bench-3.sim.slot1"]
        assert capsys.readouterr().err == (
            "cfx: 1 acknowledged of 6 runs (4 simulated, 1 golden); "
            "5 simulated or not for the yield not sent\n"
        )
        assert export(results, "cfx", *ALL, "--to", address, "--simulated") == 0
        assert len(peer.found) == 7
