"""The clock sweep of whole boards on a virtual slot: chips freeze at their ceilings, the level follows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

import rig
from rig.errors import FileError
from rig.pytestplugin.plan_check import problems
from rig.recipe import load_plan
from rig.records import RunRecord
from rig.testkit import VirtualBench
from rig.verdict import Verdict

ROOT = Path(rig.__file__).parents[1]
TWO = [{"level": "L1", "volts": 13.6, "mhz": 587.5}, {"level": "L2", "volts": 13.6, "mhz": 575}]
SLOW = [{"kind": "slow_chip", "chip": 17, "mhz": 50}, {"kind": "slow_chip", "chip": 30, "mhz": 44}]


@dataclass(frozen=True)
class Swept:
    record: RunRecord
    looks: list[dict[str, Any]]

    def values(self, name: str) -> tuple[float | None, ...]:
        return [one.values for one in self.record.measurements if one.name == name][-1]

    @property
    def phases(self) -> list[str]:
        return [event.text for event in self.record.events if event.kind == "phase"]


Play = Callable[..., Swept]


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "testplans", tmp_path / "testplans"))


def give(plans: Path, **keys: Any) -> None:
    """Put keys into the recipe."""
    recipe = plans / "s21pro" / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(yaml.safe_load(recipe.read_text()) | {"soak_seconds": 4} | keys))


@pytest.fixture
def play(plans: Path, tmp_path: Path) -> Play:
    """play(levels, sweep, *faults): a whole run of board 7 with a sweep in its recipe."""
    def play(levels: list[dict[str, Any]], sweep: dict[str, Any], *faults: dict[str, Any]) -> Swept:
        give(plans, levels=levels, sweep={"risk": 0.01, **sweep})
        results = tmp_path / "results"
        bench = VirtualBench("s21pro", fixture=ROOT / "fixtures" / "sim.yaml", results=results, plans=plans)
        record = bench.run(faults, seed=7, time_scale=20)
        (journal,) = results.rglob("journal.jsonl")
        lines = [json.loads(line) for line in journal.read_text().splitlines()]
        return Swept(record, [line["data"] for line in lines if line["kind"] == "sweep"])

    return play


def test_chips_freeze_at_their_own_ceilings_and_their_mean_finds_the_level(play: Play) -> None:
    swept = play(TWO, {"above_mhz": 0, "flex_mhz": 10}, *SLOW)

    clocks = swept.values("swept_mhz")
    assert [clocks[chip] for chip in (30, 17, 0)] == [575.0, 581.25, 587.5]
    assert swept.record.verdict is Verdict.PASS, swept.record.failure_text
    assert swept.record.grade == "L2", "the mean of the clocks does not carry L1"
    assert 575 <= swept.values("swept_average_mhz")[0] < 587.5
    assert [look["mhz"][30] for look in swept.looks] == [585.0, 591.25, 585.0, 585.0], "back, and stays"
    assert swept.phases.count("cold check") == 1
    assert "off, before the sweep goes on" not in swept.phases, "no power cycle without a need"
    assert "clock to 575 MHz" in swept.phases
    assert swept.phases.count("burn-in") == 1


def test_a_stop_is_tried_again_after_a_cold_start_and_the_clocks_before_it_count(play: Play) -> None:
    """At 623.75 MHz this board as a whole is below its rate, at 617.5 not yet."""
    swept = play(TWO[:1], {"flex_mhz": 23.75, "above_mhz": 12.5})

    assert [max(look["mhz"]) for look in swept.looks] == [611.25, 617.5, 623.75, 623.75]
    assert swept.phases.count("off, before the sweep goes on") == 1
    assert swept.phases.count("clock sweep") == 2
    assert set(swept.values("swept_mhz")) == {587.5, 593.75}
    assert (swept.record.verdict, swept.record.grade) == (Verdict.PASS, "L1"), swept.record.failure_text


def test_a_chip_that_is_good_nowhere_leaves_no_level(play: Play) -> None:
    swept = play(
        TWO[:1], {"above_mhz": 0, "flex_mhz": 6.25}, {"kind": "slow_chip", "chip": 30, "mhz": 55}
    )

    assert (swept.record.verdict, swept.record.failure_code) == (Verdict.FAIL, "CHIP-WEAK")
    assert swept.values("swept_mhz")[30] is None
    assert swept.values("unswept_chips") == (1.0,)
    assert swept.record.grade is None
    assert any(finding.chip == 30 for finding in swept.record.findings), "the work at the level names it"


def test_the_shipped_plan_sweeps_nothing() -> None:
    assert load_plan(ROOT / "testplans", "s21pro").recipe.sweep is None


@pytest.mark.parametrize(("sweep", "said"), [
    ({"most_seconds": 30}, "sweep.most_seconds: found 30, expected at least"),
    ({"risk": 1e-5, "good_hit_rate": 0.99, "bad_hit_rate": 0.985}, "risks out of reach"),
    ({"good_hit_rate": 0.99, "bad_hit_rate": 0.982, "risk": 1e-3}, "known answers, expected at most"),
    ({"above_mhz": 400, "float_share": 1, "most_seconds": 1e4}, "which the chips' PLL gives"),
])
def test_a_sweep_that_cannot_be_done_is_refused_without_power(
    plans: Path, sweep: dict[str, Any], said: str
) -> None:
    give(plans, sweep=sweep)
    plan = load_plan(plans, "s21pro")

    found = " ".join(problems(plan, ROOT / "fixtures" / "sim.yaml", date(2026, 11, 28)))

    assert said in found


@pytest.mark.parametrize("sweep", [
    {"hottest_celsius": 62}, {"bad_hit_rate": 0.996}, {"accepted_rate": 0.997}, {"step_mhz": 12.5}, {"up": 1},
])
def test_a_sweep_that_makes_no_sense_is_refused_at_the_door(plans: Path, sweep: dict[str, Any]) -> None:
    give(plans, sweep=sweep)

    with pytest.raises(FileError):
        load_plan(plans, "s21pro")
