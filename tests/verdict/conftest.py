"""A small board and the words for its failures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rig.datafile import load
from rig.recipe import Decision, Failures, Limit, Limits, MeasurementSpec
from rig.recipe.limits import Dimension
from rig.verdict import BurnIn, Count, Evidence, Judge, Measurement
from rig.verdict.gaps import Gaps
from rig.verdict.sequential import SequentialTest

CHIPS, CORES = 65, 128
PLAN = Path(__file__).parents[2] / "testplans" / "s21pro"


@pytest.fixture(scope="session")
def failures() -> Failures:
    return load(PLAN / "failures.yaml", Failures)


@pytest.fixture(scope="session")
def decision() -> Decision:
    return Decision(most_answers_per_chip=6_850)


@pytest.fixture(scope="session")
def sequential(decision: Decision) -> SequentialTest:
    return SequentialTest.for_board(decision, CHIPS)


@pytest.fixture(scope="session")
def limits() -> Limits:
    return Limits(limits="small", version=1, measurements={
        "chips_found": MeasurementSpec(unit="chips", says="chips found", limit=Limit(equals=65),
                                       code="CHAIN-SHORT", critical=True),
        "board_hit_rate": MeasurementSpec(unit="", says="board hit rate", limit=Limit(at_least=0.995),
                                          code="BOARD-RATE"),
        "watts": MeasurementSpec(unit="W", says="board power", limit=Limit(at_most=1085),
                                 marginal=Limit(at_most=1100), code="POWER-HIGH"),
        "domain_deviation": MeasurementSpec(unit="V", says="off the mean", over=Dimension.DOMAIN,
                                            limit=Limit(at_least=-0.045, at_most=0.045),
                                            code="DOMAIN-VOLTS"),
        "soak_celsius": MeasurementSpec(unit="celsius", says="soak", limit=Limit(at_least=54),
                                        code="STN-WARM"),
        "weak_chips": MeasurementSpec(unit="chips", says="weak chips", limit=Limit(equals=0),
                                      code="CHIP-WEAK"),
        "corrupt_share": MeasurementSpec(unit="", says="corrupt replies", limit=Limit(at_most=0.0095),
                                         code="STN-WIRE", required=False),
        "stale_rate": MeasurementSpec(unit="", says="answers of retired jobs", limit=Limit(at_most=0.02),
                                      code="CHIP-STALE", required=False),
        "note": MeasurementSpec(unit="V", says="recorded only"),
        "extra": MeasurementSpec(unit="V", says="may be left out", limit=Limit(at_most=1), code="POWER-OPEN",
                                 required=False),
    })


GOOD: dict[str, Any] = {
    "chips_found": 65, "board_hit_rate": 0.999, "watts": 1050, "domain_deviation": [0.0] * 13,
    "soak_celsius": 56, "weak_chips": 0, "note": 1.0,
}
Take = Callable[..., tuple[Measurement, ...]]


@pytest.fixture
def take(limits: Limits) -> Take:
    """Measurements of a good board but for what is given; None leaves one out."""
    judge = Judge(limits, {Dimension.DOMAIN: 13, Dimension.CHIP: CHIPS, Dimension.SENSOR: 4})

    def take(**changes: Any) -> tuple[Measurement, ...]:
        return tuple(
            judge.take(name, value) for name, value in {**GOOD, **changes}.items() if value is not None
        )

    return take


@pytest.fixture
def evidence(limits: Limits, take: Take) -> Callable[..., Evidence]:
    """Evidence of a good board but for what is given; ``found``: counts under like conditions."""

    def evidence(found: tuple[int, ...] = (65, 65), **changes: Any) -> Evidence:
        given: dict[str, Any] = {
            "slot": "slot1", "serial": "SN", "limits": limits, "chips": CHIPS, "chips_per_domain": 5,
            "measurements": take(), "counts": tuple(Count("cold", count, 15.0, 25.0) for count in found),
        }
        return Evidence(**{**given, **changes})

    return evidence


class Counts:
    """Counts of a burn-in drawn from rates, to be spoilt chip by chip."""

    def __init__(self, answers: int, rate: float, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        share = np.full(CORES, 16.0)
        share[[15, 127]] = 12.0
        self.core_trials = self.random.multinomial(answers, share / share.sum(), size=CHIPS)
        self.core_hits = self.random.binomial(self.core_trials, rate)
        self.wrong, self.stale, self.duplicate = (np.zeros(CHIPS, dtype=np.int64) for _ in range(3))
        self.alarmed = np.zeros(CHIPS, dtype=np.bool_)
        self.gaps, self.lost_in_gaps = 0, 0         # of each chip

    def chip_rate(self, chip: int, rate: float) -> None:
        self.core_hits[chip] = self.random.binomial(self.core_trials[chip], rate)

    def burn_in(self, decision: Decision, test: SequentialTest) -> BurnIn:
        trials, hits = self.core_trials.sum(axis=1), self.core_hits.sum(axis=1)
        return BurnIn(
            decision=decision, calls=test.judge(trials, hits), alarmed=self.alarmed,
            trials=trials, hits=hits, core_trials=self.core_trials, core_hits=self.core_hits,
            wrong=self.wrong, stale=self.stale, duplicate=self.duplicate,
            gaps=Gaps(self.gaps, trials - self.lost_in_gaps, hits),
        )


@pytest.fixture
def counts() -> Callable[..., Counts]:
    def counts(answers: int = 3_000, rate: float = 0.9992, seed: int = 1) -> Counts:
        return Counts(answers, rate, seed)

    return counts
