"""What ends a run before there is anything to record."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import rig
from rig.cli import app
from rig.testkit import VirtualBench
from rig.verdict import Verdict

ROOT = Path(rig.__file__).parents[1]
FIXTURE = ROOT / "fixtures" / "sim.yaml"


def bench_that_begins_with(tmp_path: Path, source: str) -> VirtualBench:
    plans = tmp_path / "testplans"
    shutil.copytree(ROOT / "testplans", plans)
    (plans / "s21pro" / "test_0_first.py").write_text(source)
    return VirtualBench("s21pro", fixture=FIXTURE, results=tmp_path / "results", plans=plans)


def test_who_stops_it_before_its_first_step_is_heard(tmp_path: Path) -> None:
    bench = bench_that_begins_with(tmp_path, "raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        bench.run(seed=7)


def test_a_broken_module_is_no_stop(tmp_path: Path) -> None:
    bench = bench_that_begins_with(tmp_path, "raise ValueError\n")
    record = bench.run(seed=7)
    assert (record.verdict, record.failure_code) == (Verdict.STATION_FAULT, "STN-SOFTWARE")


def test_each_plan_of_a_process_has_its_own_modules(tmp_path: Path) -> None:
    for name, source in (("first", "raise ValueError\n"), ("second", "")):
        record = bench_that_begins_with(tmp_path / name, source).run([{"kind": "eeprom_absent"}], seed=7)
        assert record.failure_code == ("STN-SOFTWARE" if source else "EEPROM-NONE")


def test_a_run_that_was_stopped_before_it_began_is_aborted_and_no_failed_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rig.pytestplugin.setup.prepare", stopped)
    words = ["run", "--product", "s21pro", "--fixture", str(FIXTURE), "--slot", "slot1", "--serial", "SN1",
             "--results", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 4
    assert "stopped outside of a run; `rig show SN1`" in done.stderr
