from __future__ import annotations

import pytest
from pydantic import ValidationError

from rig.recipe.recipe import Idle, Recipe


def test_a_sound_boards_idle_current_grows_with_its_leakage() -> None:
    idle = Idle(clock_amps=2.0, leak_amps=4.0, leak_celsius=30.0)
    assert idle.expected_amps(25.0) == pytest.approx(6.0)
    assert idle.expected_amps(55.0) == pytest.approx(2.0 + 4.0 * 2.718281828)


def test_the_first_volts_are_not_above_the_cold_ones() -> None:
    values = {
        "recipe": "r", "version": 1, "sense_volts": 2.5, "pre_open_volts": 15.0, "pre_open_amps": 12.0,
        "over_volts": 16.0, "over_amps": 100.0, "limit_amps": 95.0,
        "levels": [{"level": "L1", "volts": 13.6, "mhz": 587.5}],
    }
    with pytest.raises(ValidationError, match="sense_volts at or below cold_volts"):
        Recipe.model_validate(values)
    assert Recipe.model_validate(values | {"sense_volts": 1.0}).sense_volts == 1.0
