"""The retest policy at both ends of a run: who may not begin, and what becomes of the board after it."""

from __future__ import annotations

from rig.errors import UsageError
from rig.fixturefile import RetestPolicy
from rig.purpose import Purpose
from rig.pytestplugin.setup import RunSetup
from rig.records import STORE_FILE, RunRecord
from rig.records.history import History, past_of
from rig.records.model import NextStepRecord
from rig.verdict.retest import Action, RetestRules, next_step, suspect_slot


def purpose_of(setup: RunSetup) -> Purpose:
    """As asked for; but no test where a pack is recorded, nor on a real bench kept from production."""
    apart = not setup.simulated and not setup.fixture.for_production
    if setup.workload.instead is not None or (apart and setup.options.purpose is Purpose.TEST):
        return Purpose.ENGINEERING
    return setup.options.purpose


def demand_no_quarantine(setup: RunSetup) -> None:
    """Raises UsageError for a board in quarantine, where the bench enforces the policy."""
    if setup.fixture.retests is not RetestPolicy.ENFORCED or purpose_of(setup) is not Purpose.TEST:
        return
    serial, results = setup.options.serial, setup.options.results
    step = next_step((line.past for line in _history(setup).of(serial)), _rules(setup))
    if step.action is Action.QUARANTINE:
        raise UsageError(
            f"board {serial}: found it in quarantine ({step.why}), expected one that may be run; quality "
            f"releases it with `rig repair release {serial} --why TEXT --operator NAME --results {results}`"
        )


def with_next_step(setup: RunSetup, record: RunRecord) -> RunRecord:
    """The record of a run that is not stored yet, with what the policy says after it."""
    if record.purpose is not Purpose.TEST:
        return record
    history, rules, run = _history(setup), _rules(setup), past_of(record)
    past = [line.past for line in history.of(record.serial) if line.run_id != record.run_id]
    step = next_step((*past, run), rules)
    suspect = suspect_slot((*history.last_on(record.fixture, record.slot), run), rules)
    return record.model_copy(update={
        "next_step": NextStepRecord.of(step), "slot_suspect": suspect,
    })


def _history(setup: RunSetup) -> History:
    return History(setup.options.results / STORE_FILE, simulated=setup.simulated)


def _rules(setup: RunSetup) -> RetestRules:
    return RetestRules(setup.plan.failures, setup.plan.recipe.ship_marginal)
