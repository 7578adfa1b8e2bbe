"""A golden board's answers, kept for a pack: what `rig pack record` runs in the burn-in's place."""

from __future__ import annotations

import pytest

from rig.board import burn_in
from rig.errors import RunStopped
from rig.pytestplugin import Run
from rig.slot import Phase, Slot

pytestmark = pytest.mark.plan


def test_record(run: Run, slot: Slot) -> None:
    run.set_level_volts()
    recorder = run.recorder
    ledger = run.ledger(closed=recorder.close)
    judge = run.judge(ledger)
    run.drive(
        "recording", Phase.HASHING, recorder.longest_seconds + 10,
        burn_in(slot, run.work, ledger, run.keeper),
        watch=judge.done, expected_seconds=recorder.expected_seconds,
    )
    run.measure_power()
    raise RunStopped("an engineering run: a golden board was recorded, and not judged")
