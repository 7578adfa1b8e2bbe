"""How a board is tested: the shipped recipe, and recipes that contradict themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rig.bm13xx import pll
from rig.datafile import check, load
from rig.errors import FileError
from rig.recipe.recipe import Recipe

ROOT = Path(__file__).resolve().parents[2]

SMALL: dict[str, Any] = {
    "recipe": "small", "version": 1, "pre_open_volts": 15, "pre_open_amps": 12,
    "over_volts": 16, "over_amps": 100,
    "limit_amps": 95, "levels": [{"level": "L1", "volts": 13.6, "mhz": 587.5}],
}


def read(**changes: Any) -> Recipe:
    return check(Path("recipe.yaml"), SMALL | changes, Recipe)


def test_the_shipped_recipe_is_sound() -> None:
    recipe = load(ROOT / "testplans" / "s21pro" / "recipe.yaml", Recipe)
    (level,) = recipe.levels
    assert (level.level, level.volts, level.mhz) == ("L1", 13.6, 587.5)
    assert pll.mhz_of(pll.encode(level.mhz)) == pytest.approx(level.mhz, abs=recipe.ramp.step_mhz / 2)
    assert recipe.soak.target_celsius + recipe.soak.band_celsius < recipe.hottest_celsius
    assert recipe.decision.most_seconds >= recipe.soak_seconds


def test_defaults_are_those_of_the_criteria() -> None:
    recipe = read()
    assert (recipe.decision.good_hit_rate, recipe.decision.bad_hit_rate) == (0.995, 0.985)
    assert (recipe.decision.board_risk, recipe.decision.chip_risk) == (1e-4, 1e-4)
    assert (recipe.soak.target_celsius, recipe.soak_seconds, recipe.ship_marginal) == (56.0, 30.0, True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"over_volts": 15}, "over_volts above the highest volts used (15)"),
        ({"levels": [{"level": "L1", "volts": 16, "mhz": 500}]}, "highest volts used (16)"),
        ({"limit_amps": 100.5}, "limit_amps at or below over_amps"),
        ({"levels": []}, "levels"),
        ({"levels": [{"level": "level one", "volts": 13, "mhz": 500}]}, "levels.0.level"),
        ({"levels": [{"level": "L1", "volts": 0, "mhz": 500}]}, "levels.0.volts"),
        ({"decision": {"good_hit_rate": 0.98}}, "bad_hit_rate below good_hit_rate"),
        ({"decision": {"good_hit_rate": 1.0}}, "decision.good_hit_rate"),
        ({"decision": {"board_risk": 0}}, "decision.board_risk"),
        ({"decision": {"chip_risk": 0.5}}, "decision.chip_risk"),
        ({"decision": {"most_answers_per_chip": 99}}, "decision.most_answers_per_chip"),
        ({"mode": "by ear"}, "mode"),
        ({"full_pattern": {"patterns": 4, "least_hits": 5}}, "least_hits at most as many as patterns"),
        ({"random_work": {"good_rate": 0.9, "bad_rate": 0.9}}, "bad_rate below good_rate"),
        ({"soak": {"warming_fan_share": 1.1}}, "soak.warming_fan_share"),
        ({"ramp": {"step_mhz": 0}}, "ramp.step_mhz"),
        ({"job_seconds": 0}, "job_seconds"),
        ({"soak_seconds": -1}, "soak_seconds"),
        ({"ticket_zero_bits": 33}, "ticket_zero_bits"),
        ({"version": 0}, "version"),
        ({"pre_open_volts": ".nan"}, "pre_open_volts"),
    ],
)
def test_a_recipe_that_contradicts_itself_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(FileError) as caught:
        read(**changes)
    assert says in str(caught.value)


def test_the_limit_may_sit_on_the_trip() -> None:
    assert read(limit_amps=100).limit_amps == 100
