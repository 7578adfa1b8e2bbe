"""``rig show`` on a store with two runs and what was done between them."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rig.cli import main
from rig.records import Event, RunRecord, State, Store, read_record
from rig.records.repairs import Kind, Repair, RepairBook

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
SERIAL = "SIM0000000000001A"
FAILED, PASSED = "20260101T080000-00c0de", "20260102T080000-00c0de"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    store = Store(tmp_path / "rig.db")
    store.put(read_record(GOLDEN / "record_fail.json"))
    passed = read_record(GOLDEN / "record_pass.json")
    day = {"run_id": PASSED, "started": passed.started.replace(day=2), "ended": passed.ended.replace(day=2)}
    store.put(passed.model_copy(update=day))
    RepairBook(tmp_path / "rig.db").keep(Repair(
        SERIAL, datetime(2026, 1, 1, 15, 30, tzinfo=UTC), Kind.REPAIR, "reflowed U33", "Grace",
        code="CHAIN-SHORT", place="chip 32",
    ))
    return tmp_path


def show(results: Path, *words: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["rig", "show", *words, "--results", str(results)])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0)


def test_a_boards_life_in_order(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(results, SERIAL) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"Board {SERIAL}, s21pro: 2 runs\n  1 FAIL, 1 PASS\n")
    words = " ".join(told.split())
    order = [words.rindex(text) for text in (
        "2026-01-01 08:00:00 UTC FAIL CHAIN-SHORT", FAILED,
        "2026-01-01 15:30:00 UTC repair by Grace", "CHAIN-SHORT, chip 32, reflowed U33",
        "2026-01-02 08:00:00 UTC PASS grade L1", PASSED,
        "station bench-3, fixture sim, slot1, by Ada, 61.5 s",
        "65 chips, 99.91% of the answers, 1051.2 W",
    )]
    assert order == sorted(order)


def test_one_run_with_everything(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(results, FAILED) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"Run {FAILED}: FAIL  CHAIN-SHORT\n")
    for heading in ("Findings", "Phases", "Measurements", "Instruments", "Made by"):
        assert f"\n\n{heading}\n" in told
    assert "  FAIL        chips_found\n              32 chips; limit = 65\n" in told
    assert "  not taken   board_watts, domain_volts" in told
    assert "supply   RIGSIM,SPS20-120,slot1,1.0" in told
    assert "abababababababab  recipe.yaml" in told


@pytest.mark.parametrize("wanted", [SERIAL, FAILED, PASSED])
def test_it_fits_a_terminal(wanted: str, results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, run = Store(results / "rig.db"), read_record(GOLDEN / "record_station_fault.json")
    long = Event(at_seconds=1.0, kind="retry", text="what failed and is done again, in many words " * 5)
    store.put(run.model_copy(update={"run_id": wanted, "events": (long,)}))
    assert show(results, wanted) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) < 80


@pytest.mark.parametrize(("state", "says"), [
    (State.PENDING, "pending: it is not certain"), (State.VOID, "void: its process died"),
])
def test_a_run_that_is_not_closed_says_so(
    state: State, says: str, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(results / "rig.db")
    run = store.get(PASSED)
    assert run is not None
    store.put(run, state)
    for wanted in (PASSED, SERIAL):
        assert show(results, wanted) == 0
        assert says in capsys.readouterr().out
    assert show(results, FAILED) == 0
    assert state.value not in capsys.readouterr().out


def test_json(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(results, SERIAL, "--json") == 0
    board = json.loads(capsys.readouterr().out)
    assert (board["serial"], [run["state"] for run in board["runs"]]) == (SERIAL, ["closed", "closed"])
    assert [(repair["kind"], repair["did"]) for repair in board["repairs"]] == [("repair", "reflowed U33")]
    assert show(results, FAILED, "--json") == 0
    run = json.loads(capsys.readouterr().out)
    assert run.pop("state") == "closed"
    assert RunRecord.model_validate(run) == Store(results / "rig.db").get(FAILED)


@pytest.mark.parametrize(("results_exist", "says"), [
    (True, "found neither a board nor a run of that name"), (False, "found no rig.db"),
])
def test_nothing_to_show_is_one_sentence(
    results_exist: bool, says: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = results if results_exist else tmp_path / "absent"
    assert show(where, "NOBODY") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert says in told.err
    assert told.err.count("\n") == 1
    assert not (tmp_path / "absent").exists()
