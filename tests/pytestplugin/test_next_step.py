"""The policy at both ends of a run: what a record and its ending say, and who may not begin."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

import rig
from rig.errors import UsageError
from rig.fixturefile import RetestPolicy
from rig.purpose import Purpose
from rig.pytestplugin.next_step import demand_no_quarantine, purpose_of, with_next_step
from rig.pytestplugin.setup import RunSetup
from rig.records import STORE_FILE, MadeBy, RunRecord, Store
from rig.records.repairs import Kind, Repair, RepairBook
from rig.testkit import VirtualBench
from rig.verdict import Verdict
from rig.verdict.retest import Action

ROOT = Path(rig.__file__).parents[1]
SERIAL = "S21PROTEST0000001"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> VirtualBench:
    """A simulated bench that enforces the policy."""
    folder = tmp_path_factory.mktemp("bench")
    values = yaml.safe_load((ROOT / "fixtures" / "sim.yaml").read_text())
    (folder / "sim.yaml").write_text(yaml.safe_dump({**values, "retest_policy": "enforced"}))
    return VirtualBench(
        "s21pro", fixture=folder / "sim.yaml", results=folder / "results", plans=ROOT / "testplans"
    )


@pytest.fixture
def setup(bench: VirtualBench, tmp_path: Path) -> RunSetup:
    return replace(bench.setup, options=replace(bench.setup.options, serial=SERIAL, results=tmp_path))


class Runs:
    """Runs that end as told, an hour apart, each stored as a session stores it."""

    def __init__(self, setup: RunSetup) -> None:
        self.setup, self.hours = setup, 0
        self.path = setup.options.results / STORE_FILE

    def end(self, verdict: Verdict, code: str | None = None, **changes: Any) -> RunRecord:
        self.hours += 1
        at = datetime(2026, 1, 1, self.hours, tzinfo=UTC)
        values = {
            "run_id": f"run-{self.hours}", "serial": SERIAL, "product": "s21pro", "slot": "slot1",
            "station": "b", "fixture": "sim", "simulated": True, "started": at, "ended": at,
            "made_by": MadeBy(rig_version="0", plan={}), "seconds": 1.0, "verdict": verdict,
            "board_verdict": verdict if verdict <= Verdict.FAIL else None, "failure_code": code,
            "findings": [{"code": code, "party": "board", "severity": verdict, "text": ""}] if code else [],
        }
        record = with_next_step(self.setup, RunRecord(**{**values, **changes}))
        Store(self.path).put(record)
        return record


@pytest.fixture
def runs(setup: RunSetup) -> Runs:
    return Runs(setup)


def action_of(record: RunRecord) -> Action | None:
    return record.next_step.action if record.next_step else None


def test_a_repaired_board_ships_after_two_passes(runs: Runs) -> None:
    assert action_of(runs.end(Verdict.FAIL, "CHIP-WEAK")) is Action.REPAIR
    at = datetime(2026, 1, 1, 1, 30, tzinfo=UTC)
    RepairBook(runs.path).keep(Repair.told(
        SERIAL, at, Kind.REPAIR, did="replaced", operator="Bo", code="CHIP-WEAK", place="chip 7"
    ))
    assert action_of(runs.end(Verdict.PASS)) is Action.AGAIN
    assert action_of(runs.end(Verdict.PASS)) is Action.SHIP


def test_three_boards_in_a_row_make_the_slot_suspect(runs: Runs) -> None:
    said = [runs.end(Verdict.FAIL, "CHAIN-NONE", serial=f"BOARD{n}").slot_suspect for n in range(3)]
    assert said[:2] == [None, None]
    assert said[2] is not None
    assert "CHAIN-NONE (the last: BOARD0, BOARD1, BOARD2)" in said[2]


def test_an_engineering_run_counts_for_nothing(runs: Runs) -> None:
    record = runs.end(Verdict.FAIL, "CHIP-WEAK", purpose=Purpose.ENGINEERING)
    assert (record.next_step, record.slot_suspect) == (None, None)
    assert action_of(runs.end(Verdict.PASS)) is Action.SHIP


def test_what_a_run_is_for(setup: RunSetup) -> None:
    def real(*, production: bool) -> RunSetup:
        changes = {"simulated": False, "production": production}
        return replace(setup, fixture=setup.fixture.model_copy(update=changes))

    recording = replace(setup, workload=replace(setup.workload, instead=Path("record_golden.py")))
    assert purpose_of(setup) is purpose_of(real(production=True)) is Purpose.TEST
    assert purpose_of(recording) is purpose_of(real(production=False)) is Purpose.ENGINEERING


@pytest.mark.parametrize("purpose", [Purpose.ENGINEERING, Purpose.GOLDEN, Purpose.GAUGE])
def test_a_run_is_for_what_it_was_asked_to_be(setup: RunSetup, purpose: Purpose) -> None:
    asked = replace(setup, options=replace(setup.options, purpose=purpose))

    assert purpose_of(asked) is purpose


def test_quarantine_is_refused_until_it_is_released(setup: RunSetup, runs: Runs) -> None:
    demand_no_quarantine(setup)
    assert action_of(runs.end(Verdict.FAIL, "EEPROM-SERIAL")) is Action.QUARANTINE
    with pytest.raises(UsageError, match=rf"board {SERIAL}: found it in quarantine \(EEPROM-SERIAL is not "
                                         rf"tried again; .*releases it with `rig repair release {SERIAL} "):
        demand_no_quarantine(setup)
    demand_no_quarantine(replace(setup, workload=replace(setup.workload, instead=Path("record_golden.py"))))
    RepairBook(runs.path).keep(Repair.told(
        SERIAL, datetime(2026, 1, 1, 2, tzinfo=UTC), Kind.RELEASE, did="cleared", operator="Qa"
    ))
    demand_no_quarantine(setup)


def test_a_simulated_bench_only_tells(setup: RunSetup, runs: Runs) -> None:
    runs.end(Verdict.FAIL, "EEPROM-SERIAL")
    demand_no_quarantine(replace(setup, fixture=setup.fixture.model_copy(update={"retest_policy": None})))


@pytest.mark.parametrize(("simulated", "policy"), [(True, RetestPolicy.TOLD), (False, RetestPolicy.ENFORCED)])
def test_a_real_bench_enforces_unless_told(simulated: bool, policy: RetestPolicy, setup: RunSetup) -> None:
    fixture = setup.fixture.model_copy(update={"simulated": simulated, "retest_policy": None})
    assert fixture.retests is policy
    for said in RetestPolicy:
        assert fixture.model_copy(update={"retest_policy": said}).retests is said


def test_a_whole_run_says_what_is_next_and_the_next_one_is_refused(bench: VirtualBench) -> None:
    results = bench.setup.options.results
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir()
    record = bench.run([{"kind": "eeprom_duplicate_serial", "serial": "S21PROOTHER000001"}], seed=7)
    assert (record.failure_code, action_of(record)) == ("EEPROM-SERIAL", Action.QUARANTINE)
    with pytest.raises(UsageError, match="found it in quarantine"):
        bench.run(seed=7)
    assert len(Store(results / STORE_FILE).runs_of(record.serial)) == 1
