"""Waivers on a virtual slot: applied once the EEPROM was read, visible in the record, never a PASS."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import rig
from rig.datafile import digest
from rig.errors import FileError
from rig.records import RunRecord
from rig.testkit import VirtualBench
from rig.verdict import Outcome, Verdict

ROOT = Path(rig.__file__).parents[1]
STEP = """
import pytest
from rig.board import read_eeprom, read_sensors
from rig.pytestplugin import Run

pytestmark = pytest.mark.plan

def test_step(run: Run) -> None:
    run.measure("board_watts", 1090.0)
    for _ in range(2):
        run.saw_side(read_sensors(run.slot, run.product), read_eeprom(run.slot, run.product))
    run.measure("board_watts", 1090.0)
    run.measure("board_watts", 1190.0)
"""
WAIVER: dict[str, Any] = {
    "author": "Q. Engineer", "reason": "this bin draws more", "expires": "2999-01-01",
    "chips": {"chip_bin": 1}, "measurement": "board_watts", "limit": {"at_most": 1100},
}
Play = Callable[..., RunRecord]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """play(changes of the waiver): the record of a plan with one step; ``levels`` of the measurement."""
    def play(levels: dict[str, Any] | None = None, **changes: Any) -> RunRecord:
        plans = tmp_path / "testplans"
        shutil.copytree(ROOT / "testplans", plans, ignore=shutil.ignore_patterns("test_*.py"))
        if levels:
            limits = yaml.safe_load((plans / "s21pro" / "limits.yaml").read_text())
            limits["measurements"]["board_watts"]["levels"] = levels
            (plans / "s21pro" / "limits.yaml").write_text(yaml.safe_dump(limits))
        waivers = {"waivers": "s21pro", "version": 1, "entries": {"W-7": WAIVER | changes}}
        (plans / "s21pro" / "waivers.yaml").write_text(yaml.safe_dump(waivers))
        # pytest keeps modules by name within one process
        (plans / "s21pro" / f"test_{zlib.crc32(f'{changes}{levels}'.encode()):x}.py").write_text(STEP)
        bench = VirtualBench(
            "s21pro", fixture=ROOT / "fixtures" / "sim.yaml", results=tmp_path / "results", plans=plans
        )
        record = bench.run(seed=3, time_scale=20)
        assert record.made_by.plan["waivers.yaml"] == digest(plans / "s21pro" / "waivers.yaml")
        return record

    return play


def outcomes(record: RunRecord) -> list[Outcome]:
    return [one.outcome for one in record.measurements if one.name == "board_watts"]


def told(record: RunRecord) -> list[str]:
    return [event.text for event in record.events if event.kind == "waiver"]


def test_a_waived_value_is_marginal_and_the_record_says_by_whom(play: Play) -> None:
    record = play()
    assert outcomes(record) == [Outcome.FAIL, Outcome.MARGINAL, Outcome.FAIL]
    (said,) = told(record)
    assert said.startswith("W-7, by Q. Engineer up to 2999-01-01: board_watts <= 1100 is MARGINAL")
    last = record.measurements[-1]
    assert (last.limit, last.marginal_limit) == ("<= 1085", "<= 1100")
    assert "waiver W-7 of Q. Engineer, up to 2999-01-01: this bin draws more" in last.says


def test_a_level_with_limits_of_its_own_is_judged_by_them(play: Play) -> None:
    record = play(levels={"L1": {"limit": {"at_most": 1080}}})
    assert outcomes(record) == [Outcome.FAIL, Outcome.MARGINAL, Outcome.FAIL]
    assert (record.measurements[-1].limit, record.measurements[-1].marginal_limit) == ("<= 1080", "<= 1100")


def test_other_chips_are_judged_as_before(play: Play) -> None:
    record = play(chips={"chip_bin": 2})
    assert outcomes(record) == [Outcome.FAIL] * 3
    assert told(record) == []


def test_an_expired_one_is_named_and_not_applied(play: Play) -> None:
    record = play(expires="2020-01-01")
    assert outcomes(record) == [Outcome.FAIL] * 3
    assert told(record) == ["W-7 is for these chips, but expired on 2020-01-01: not applied"]


@pytest.mark.parametrize(("changes", "says"), [
    ({"author": ""}, r"waivers\.yaml: entries\.W-7\.author"),
    ({"limit": {"at_most": 1000}}, r"waivers\.yaml: entries\.W-7\.limit: found '?<= 1000'?, expected one"),
    ({"measurement": "watts"}, r"expected a measurement of limits\.yaml"),
])
def test_a_wrong_one_is_refused_before_any_power(play: Play, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(FileError, match=says):
        play(**changes)


def test_a_weak_chip_of_a_waived_bin_ships_as_marginal(tmp_path: Path) -> None:
    """By the incumbent's criteria, whose waivers these are: 96.5 % a chip in place of 98.5 %."""
    plans = tmp_path / "testplans"
    shutil.copytree(ROOT / "testplans", plans)
    recipe = plans / "s21pro" / "recipe.yaml"
    changed = {"mode": "full_pattern", "soak_seconds": 4, "full_pattern": {"patterns": 2, "least_hits": 1}}
    recipe.write_text(yaml.safe_dump(yaml.safe_load(recipe.read_text()) | changed))
    bench_file, weak = ROOT / "fixtures" / "sim.yaml", [{"kind": "weak_chip", "chip": 17, "rate": 0.975}]

    def run(results: str) -> RunRecord:
        bench = VirtualBench("s21pro", fixture=bench_file, results=tmp_path / results, plans=plans)
        return bench.run(weak, seed=7, time_scale=20)

    without = run("without")
    assert (without.verdict, without.failure_code) == (Verdict.FAIL, "CHIP-WEAK")
    entry = WAIVER | {"measurement": "pattern_chip_rate", "limit": {"at_least": 0.965}}
    waivers = {"waivers": "s21pro", "version": 1, "entries": {"W-8": entry}}
    (plans / "s21pro" / "waivers.yaml").write_text(yaml.safe_dump(waivers))
    record = run("with")
    assert (record.verdict, record.grade) == (Verdict.MARGINAL, "L1"), record.failure_text
    assert [finding.chip for finding in record.findings] == [17]
    assert "waiver W-8 of Q. Engineer" in record.findings[0].evidence[0]
