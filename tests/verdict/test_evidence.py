from __future__ import annotations

import numpy as np

from rig.verdict import ChipCall, SequentialTest, WireCount


def test_a_slightly_lossy_wire_is_not_held_against_the_chips(sequential: SequentialTest) -> None:
    random = np.random.default_rng(6)
    trials = np.full(65, 2_000)
    whole = random.binomial(trials, 0.9992 * (1 - 0.006))
    wire = WireCount(frames=130_000 - 780, damaged=780)
    assert (sequential.judge(wire.arrived(trials), whole) == ChipCall.GOOD).all()
    assert not (sequential.judge(trials, whole) == ChipCall.GOOD).all()


def test_a_silent_wire_has_no_damaged_share() -> None:
    assert WireCount(0, 0).damaged_share == 0.0
