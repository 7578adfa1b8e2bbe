"""The board at its level: clock up, warm, then judged on known answers and on its power."""

from __future__ import annotations

import math

import pytest

from rig.board import burn_in, ramp, soak
from rig.pytestplugin import Run
from rig.pytestplugin.levels import try_levels
from rig.pytestplugin.power_path import check_path, step_to_level
from rig.pytestplugin.sweep import sweep_to_level
from rig.slot import Phase, Slot

pytestmark = pytest.mark.plan


def test_ramp(run: Run, slot: Slot) -> None:
    step_to_level(run)
    run.open_power(Phase.RAMPING, 40)
    run.drive("clock ramp", Phase.RAMPING, 40, ramp(slot, run.product, run.recipe, run.level, run.bring_up))
    check_path(run)
    run.chain.check_clocks(run.level.mhz)
    run.chain.count("after the clock ramp")
    run.chain.judge("chips_found_low")


def test_soak(run: Run, slot: Slot) -> None:
    run.open_work()
    longest = run.recipe.soak.timeout_seconds
    run.set_level_volts()
    warm = run.drive("warming up", Phase.HASHING, longest + 10, soak(slot, run.recipe, run.keeper))
    hottest = math.nan if warm.hottest is None else warm.hottest
    run.measure("soak_celsius", hottest)
    run.measure("soak_excess_celsius", hottest - run.recipe.soak.target_celsius)
    run.measure_sensors()


def test_burn_in(run: Run, slot: Slot) -> None:
    sweep_to_level(run)
    try_levels(run, lambda: judge_at_level(run, slot))


def judge_at_level(run: Run, slot: Slot) -> None:
    run.set_level_volts()
    ledger = run.ledger()
    judge = run.judge(ledger)
    run.drive(
        "burn-in", Phase.HASHING, judge.longest_seconds + 10,
        burn_in(slot, run.work, ledger, run.keeper),
        watch=judge.done, expected_seconds=judge.expected_seconds,
    )
    check_path(run)
    run.measure_power()
    run.measure_answers(judge)
