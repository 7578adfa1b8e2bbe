"""``rig plan``: exit codes and sentences, and what it shows."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import rig
from rig.cli import app

ROOT = Path(rig.__file__).parents[1]
BENCH = str(ROOT / "fixtures" / "sim.yaml")


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "testplans", tmp_path / "testplans")
    return tmp_path / "testplans"


def test_a_right_plan_ends_with_0(plans: Path) -> None:
    for words, said in (
        ([], "s21: right\ns21pro: right\nt21: right\n"),
        (["s21pro", "--fixture", BENCH], "s21pro: right\n"),
    ):
        result = CliRunner().invoke(app, ["plan", "check", *words, "--plans", str(plans)])
        assert (result.exit_code, result.stdout) == (0, said), result.stderr


def test_a_wrong_one_with_2_and_a_sentence_each(plans: Path) -> None:
    file = plans / "s21pro" / "limits.yaml"
    text = file.read_text().replace("  rail_ohms:", "  rail_home:").replace("  cold_amps:", "  warm_amps:")
    file.write_text(text)
    result = CliRunner().invoke(app, ["plan", "check", "--plans", str(plans)])
    assert (result.exit_code, result.stdout) == (
        2, "s21: 4 found wrong\ns21pro: 4 found wrong\nt21: 4 found wrong\n",     # all three declare it there
    )
    assert result.stderr.count("rig: ") == 12
    for name in ("rail_ohms", "rail_home", "cold_amps", "warm_amps"):
        assert name in result.stderr


def test_a_file_that_cannot_be_read_is_one_sentence(plans: Path) -> None:
    (plans / "s21pro" / "recipe.yaml").write_text("recipe: [")
    result = CliRunner().invoke(app, ["plan", "check", "--plans", str(plans)])
    assert result.exit_code == 2
    assert "recipe.yaml" in result.stderr


def test_a_folder_without_plans_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["plan", "check", "--plans", str(tmp_path)])
    assert "found no product" in str(result.exception)


def test_show_prints_steps_limits_and_times(plans: Path) -> None:
    result = CliRunner().invoke(app, ["plan", "show", "s21pro", "--plans", str(plans), "--fixture", BENCH])
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Antminer S21 Pro hashboard: s21pro-burn-in")
    assert "  test_burn_in" in lines
    assert "  chips_found                  = 65 chips  CHAIN-SHORT critical" in lines
    times = {
        name.strip(): (float(expected), float(worst)) for name, expected, worst in
        re.findall(r"^  (.{28}) +([\d.]+) s   at most +([\d.]+) s$", result.stdout, re.MULTILINE)
    }
    assert 25 < times["burn-in"][0] < 40 <= 60 < times["burn-in"][1]
    assert times["warming up"][1] >= 120
    whole = times.pop("in all")
    assert whole == pytest.approx(tuple(map(sum, zip(*times.values(), strict=True))), abs=1.0)


def test_show_tells_a_clock_sweep(plans: Path) -> None:
    recipe = plans / "s21pro" / "recipe.yaml"
    recipe.write_text(recipe.read_text() + "sweep: {above_mhz: 10}\n")

    result = CliRunner().invoke(app, ["plan", "show", "s21pro", "--plans", str(plans)])

    assert result.stdout.splitlines()[1] == (
        "Clock sweep: 602.5 to 612.5 MHz in steps of 6.25, at most 240 s; the board's level is what its "
        "chips' clocks carry"
    )


def test_show_without_a_bench_says_that_nothing_was_timed(plans: Path) -> None:
    result = CliRunner().invoke(app, ["plan", "show", "s21pro", "--plans", str(plans)])
    assert result.exit_code == 0
    assert "Phases: not timed" in result.stdout
