"""The board at its level: clock up, warm, then judged on known answers and on its power."""

from __future__ import annotations

import math

import pytest

from rig.board import burn_in, ramp, soak
from rig.pytestplugin import AnswerJudge, Run
from rig.slot import Phase, Slot

pytestmark = pytest.mark.plan


def test_ramp(run: Run, slot: Slot) -> None:
    run.open_power(Phase.HASHING, 40)
    run.drive("clock ramp", Phase.HASHING, 40, ramp(slot, run.product, run.recipe, run.level, run.bring_up))


def test_soak(run: Run, slot: Slot) -> None:
    run.open_work()
    longest = run.recipe.soak.timeout_seconds
    run.set_level_volts()
    warm = run.drive("warming up", Phase.HASHING, longest + 10, soak(slot, run.recipe, run.keeper))
    hottest = math.nan if warm.hottest is None else warm.hottest
    run.measure("soak_celsius", hottest)
    run.measure("soak_excess_celsius", hottest - run.recipe.soak.target_celsius)


def test_burn_in(run: Run, slot: Slot) -> None:
    run.set_level_volts()
    judge = AnswerJudge(run.product, run.recipe)
    longest = max(run.recipe.decision.most_seconds, run.recipe.soak_seconds)
    run.drive(
        "burn-in", Phase.HASHING, longest + 10,
        burn_in(slot, run.work, run.ledger(), run.keeper),
        watch=judge.done, expected_seconds=run.recipe.soak_seconds,
    )
    run.measure_power()
    run.measure_answers(judge)
