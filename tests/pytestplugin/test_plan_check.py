"""A plan with everything it names: what is wrong is found without power, a sentence each."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

import rig
from rig.pytestplugin.plan_check import problems
from rig.pytestplugin.plan_reading import read_plan
from rig.recipe import load_plan

ROOT = Path(rig.__file__).parents[1]
BENCH = ROOT / "fixtures" / "sim.yaml"
TODAY = date(2026, 6, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "testplans", tmp_path / "testplans")
    return tmp_path / "testplans" / "s21pro"


def edit(file: Path, **changes: Any) -> None:
    values = yaml.safe_load(file.read_text())
    for path, value in changes.items():
        at = values
        *parents, last = path.split("__")
        for key in parents:
            at = at[key]
        if value is None:
            del at[last]
        else:
            at[last] = value
    file.write_text(yaml.safe_dump(values))


def found(folder: Path, bench: Path | None = None) -> list[str]:
    return list(problems(load_plan(folder.parent, "s21pro"), bench, TODAY))


def test_the_shipped_plan_is_right_on_the_shipped_bench() -> None:
    assert found(ROOT / "testplans" / "s21pro", BENCH) == []


SPEC = {"unit": "V", "says": "x", "limit": {"at_most": 1}, "code": "POWER-HIGH"}


@pytest.mark.parametrize(("file", "changes", "says"), [
    ("limits", {"measurements__never": SPEC}, "limits.yaml: measurements.never: found no step that takes it"),
    ("limits", {"measurements__rail_ohms": None}, "found no declaration of 'rail_ohms', expected one"),
    ("failures", {"codes__CHIP-WEAK2": {"says": "x", "action": "y"}},
     "failures.yaml: codes.CHIP-WEAK2: found no way to it"),
    ("failures", {"codes__STN-MES": None}, "failures.yaml: found no words for STN-MES"),
    ("recipe", {"cold_amps": 11.5}, "recipe.yaml: cold_amps: found 11.5, expected at most"),
    ("recipe", {"decision__most_answers_per_chip": 6000}, "raise it"),
])
def test_what_the_plan_says_against_itself(
    folder: Path, file: str, changes: dict[str, Any], says: str
) -> None:
    edit(folder / f"{file}.yaml", **changes)
    (sentence,) = found(folder)
    assert says in sentence


@pytest.mark.parametrize(("file", "changes", "says"), [
    ("recipe", {"over_volts": 25}, "over_volts: found 25, expected at most 22 V"),
    ("recipe", {"decision__most_answers_per_chip": 9000}, "most_answers_per_chip: found 9000, expected"),
])
def test_what_the_plan_says_against_the_bench(
    folder: Path, file: str, changes: dict[str, Any], says: str
) -> None:
    edit(folder / f"{file}.yaml", **changes)
    assert found(folder) == []
    sentences = found(folder, BENCH)
    assert sentences
    assert all(says in sentence for sentence in sentences)


def test_what_the_bench_says_against_the_plan(folder: Path, tmp_path: Path) -> None:
    bench = tmp_path / "bench.yaml"
    shutil.copy(BENCH, bench)
    edit(bench, slots__slot1__scanner__terminal_channel=110, slots__slot2__meter__family="wt9000")
    channels, family = found(folder, bench)
    assert "slots.slot1.scanner.terminal_channel: found 110, expected a channel outside 101" in channels
    assert family.startswith("slot2: ")
    assert "wt9000" in family
    edit(bench, slots__slot1__scanner__terminal_channel=120, slots__slot2__meter__family="wt300e",
         board="s19")
    (other,) = found(folder, bench)
    assert "board: found 's19', expected 's21pro'" in other


def test_an_expired_waiver_is_named(folder: Path) -> None:
    entry = {"author": "Q", "reason": "r", "expires": "2026-05-31", "chips": {"chip_bin": 4},
             "measurement": "board_watts", "limit": {"at_most": 1100}}
    entries = {"W1": entry, "W2": entry | {"expires": "2026-06-01"}}
    waivers = {"waivers": "x", "version": 1, "entries": entries}
    (folder / "waivers.yaml").write_text(yaml.safe_dump(waivers))
    (sentence,) = found(folder)
    assert "waivers.yaml: entries.W1.expires: found 2026-05-31, expected 2026-06-01 or later" in sentence


def test_a_module_that_is_no_python_is_named(folder: Path) -> None:
    (folder / "test_9.py").write_text("def test_x(:\n")
    (sentence,) = found(folder)
    assert "test_9.py: line 1: found" in sentence


# ---- reading a plan

STEPS = '''
"""One line.

And more.
"""
NAME = "by_constant"
OTHER = "of another"

def helper(run):
    run.measure("by_helper", 1)
    run.measure(NAME, 1)

def unused(run):
    run.measure("never", 1)

def test_one(run):
    helper(run)
    run.chain.judge("by_judge")
    for name, value in {"looped": 1.0}.items():
        run.measure(name, value)
'''


def test_names_are_found_where_steps_lead_and_nowhere_else(tmp_path: Path) -> None:
    module = tmp_path / "test_1.py"
    module.write_text(STEPS)
    reading = read_plan([module])
    assert reading.measured >= {"by_helper", "by_constant", "by_judge"}
    assert "looped" in reading.mentioned
    assert "never" not in reading.mentioned
    assert "of another" not in reading.mentioned
    assert [(step.module, step.name, step.says) for step in reading.steps] == [
        ("test_1.py", "test_one", "One line.")
    ]


def test_helpers_of_the_rig_are_followed(tmp_path: Path) -> None:
    plan = load_plan(ROOT / "testplans", "s21pro")
    without_power = read_plan([path for path in plan.modules if "power" not in path.name])
    assert "rail_ohms" not in without_power.mentioned
    assert {"chips_found", "board_hit_rate", "corrupt_frame_share"} <= without_power.mentioned


def test_a_plan_without_steps_is_no_plan(folder: Path) -> None:
    for path in folder.glob("test_*.py"):
        path.unlink()
    assert any("found no step" in sentence for sentence in found(folder))
