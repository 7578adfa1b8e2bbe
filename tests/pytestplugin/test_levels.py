"""Two levels on a virtual slot: the second is tried warm when the first fails, and all is in the record."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import rig
from rig.records import RunRecord
from rig.testkit import VirtualBench
from rig.verdict import Outcome, Verdict

ROOT = Path(rig.__file__).parents[1]
LEVELS = [{"level": "L1", "volts": 13.6, "mhz": 587.5}, {"level": "L2", "volts": 13.4, "mhz": 550}]
Play = Callable[..., RunRecord]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """play(most watts at L1, *faults): a whole run of a plan with two levels."""
    plans = tmp_path / "testplans"
    shutil.copytree(ROOT / "testplans", plans)

    def play(watts: float, *faults: dict[str, Any]) -> RunRecord:
        recipe, limits = plans / "s21pro" / "recipe.yaml", plans / "s21pro" / "limits.yaml"
        recipe.write_text(yaml.safe_dump(
            yaml.safe_load(recipe.read_text()) | {"levels": LEVELS, "soak_seconds": 4}
        ))
        declared = yaml.safe_load(limits.read_text())
        declared["measurements"]["board_watts"]["levels"] = {"L1": {"limit": {"at_most": watts}}}
        limits.write_text(yaml.safe_dump(declared))
        bench = VirtualBench(
            "s21pro", fixture=ROOT / "fixtures" / "sim.yaml", results=tmp_path / "results", plans=plans
        )
        return bench.run(faults, seed=7, time_scale=20)

    return play


def outcomes(record: RunRecord, name: str) -> list[Outcome]:
    return [one.outcome for one in record.measurements if one.name == name]


def phases(record: RunRecord) -> list[str]:
    return [event.text for event in record.events if event.kind == "phase"]


def test_a_board_that_holds_at_the_second_level_is_graded_to_it(play: Play) -> None:
    record = play(900)
    assert (record.verdict, record.grade) == (Verdict.PASS, "L2"), record.failure_text
    assert outcomes(record, "board_watts") == [Outcome.FAIL, Outcome.PASS]
    assert outcomes(record, "weak_chips") == [Outcome.PASS, Outcome.PASS]
    first, second = (one.values[0] for one in record.measurements if one.name == "board_watts")
    assert second < 0.93 * first, "slower and on less volts"
    assert [event.text for event in record.events if event.kind == "level"] == [
        "L1 failed: board_watts; on to L2"
    ]
    assert phases(record).count("cold check") == 1, "it stayed warm and powered"
    assert "clock to 550 MHz" in phases(record)


def test_a_board_that_holds_at_the_first_is_never_moved(play: Play) -> None:
    record = play(1085)
    assert (record.verdict, record.grade) == (Verdict.PASS, "L1"), record.failure_text
    assert phases(record).count("burn-in") == 1


def test_a_board_that_fails_at_both_fails(play: Play) -> None:
    record = play(1085, {"kind": "weak_chip", "chip": 17, "rate": 0.8})
    assert (record.verdict, record.failure_code, record.grade) == (Verdict.FAIL, "CHIP-WEAK", None)
    assert outcomes(record, "weak_chips") == [Outcome.FAIL, Outcome.FAIL]
    assert record.findings[0].chip == 17
