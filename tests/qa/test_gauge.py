"""Gauge studies against AIAG's published figures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rig.qa.gauge import Floats, crossed, type_one
from rig.qa.gauge_result import judged
from rig.qa.stats import Bounds

# AIAG MSA 4: 10 parts, 3 appraisers, 3 trials; appraiser by appraiser, trial by trial
AIAG = np.array([
    [[0.29, -0.56, 1.34, 0.47, -0.80, 0.02, 0.59, -0.31, 2.26, -1.36],
     [0.41, -0.68, 1.17, 0.50, -0.92, -0.11, 0.75, -0.20, 1.99, -1.25],
     [0.64, -0.58, 1.27, 0.64, -0.84, -0.21, 0.66, -0.17, 2.01, -1.31]],
    [[0.08, -0.47, 1.19, 0.01, -0.56, -0.20, 0.47, -0.63, 1.80, -1.68],
     [0.25, -1.22, 0.94, 1.03, -1.20, 0.22, 0.55, 0.08, 2.12, -1.62],
     [0.07, -0.68, 1.34, 0.20, -1.28, 0.06, 0.83, -0.34, 2.19, -1.50]],
    [[0.04, -1.38, 0.88, 0.14, -1.46, -0.29, 0.02, -0.46, 1.77, -1.49],
     [-0.11, -1.13, 1.09, 0.20, -1.07, -0.67, 0.01, -0.56, 1.45, -1.77],
     [-0.15, -0.96, 0.67, 0.11, -1.45, -0.49, 0.21, -0.49, 1.87, -2.16]],
]).transpose(2, 0, 1)


def test_crossed_study_to_the_published_digits() -> None:
    found = crossed(AIAG)

    assert found.pooled
    assert (round(found.ev, 6), round(found.av, 6)) == (0.199933, 0.226838)
    assert (round(found.grr, 6), round(found.pv, 6), round(found.tv, 6)) == (0.302372, 1.042327, 1.085300)
    assert (round(found.grr_percent, 2), round(found.categories, 2), found.ndc) == (27.86, 4.86, 4)


def test_an_interaction_that_is_there_is_not_pooled() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(0, 0.1, (8, 3, 4)) + rng.normal(0, 2, (8, 1, 1)) + rng.normal(0, 1, (8, 3, 1))

    found = crossed(values)

    assert not found.pooled
    assert found.interaction == pytest.approx(1.0, rel=0.5)
    assert found.grr**2 == pytest.approx(found.ev**2 + found.av**2 + found.interaction**2)
    assert sum(line.squares for line in found.table[:-1]) == pytest.approx(found.table[-1].squares)


def test_share_of_the_tolerance() -> None:
    assert crossed(AIAG).tolerance_percent(Bounds(-4.0, 4.0)) == pytest.approx(22.6779, rel=1e-5)
    assert crossed(AIAG).tolerance_percent(Bounds(high=4.0)) is None
    assert crossed(AIAG).tolerance_percent(Bounds(high=4.0), 0.0) == pytest.approx(22.6779, rel=1e-5)
    assert crossed(AIAG).tolerance_percent(Bounds(low=-2.0), 2.0) == pytest.approx(22.6779, rel=1e-5)
    assert crossed(AIAG).tolerance_percent(Bounds(), 0.0) is None


def test_what_only_rounding_left_is_no_variation() -> None:
    """Two slots that differ, and boards and repeats that do not: the sums of squares are some 1e-32."""
    values = np.broadcast_to(np.array([1.1432, 1.1472])[None, :, None], (5, 2, 2)) + np.zeros((5, 2, 2))

    found = crossed(values)

    assert (found.ev, found.pv, found.interaction) == (0.0, 0.0, 0.0)
    assert found.av == pytest.approx(0.004 / math.sqrt(2), rel=1e-6)
    assert all(line.f in (None, 0.0, math.inf) for line in found.table)


def test_boards_that_cannot_be_told_apart_are_alike() -> None:
    values = np.random.default_rng(2).normal(0, 1, (5, 2, 2))

    assert crossed(values).are_alike
    assert not crossed(AIAG).are_alike


def test_constant_values_are_no_study() -> None:
    found = crossed(np.ones((3, 2, 2)))

    assert math.isnan(found.grr_percent)
    assert found.ndc is None
    assert judged(None, None).startswith("not defined")


@pytest.mark.parametrize("values", [
    np.ones((1, 3, 3)), np.ones((3, 3, 1)), np.full((3, 3, 3), np.nan), np.ones((3, 3)),
])
def test_what_is_no_crossed_study_is_refused(values: Floats) -> None:
    with pytest.raises(ValueError, match="expected at least two"):
        crossed(values)


def test_type_1_study() -> None:
    """s = 0.01, tolerance 1: Cg = 0.2 / 0.06; bias 0.02: Cgk = (0.1 - 0.02) / 0.03."""
    values = np.array([10.02 - 0.01, 10.02 + 0.01] * 25)
    values = 10.02 + (values - 10.02) * 0.01 / values.std(ddof=1)

    found = type_one(values, Bounds(9.5, 10.5), 10.0)

    assert found.cg == pytest.approx(0.2 / 0.06)
    assert found.cgk == pytest.approx(0.08 / 0.03)
    assert found.p is not None
    assert found.p < 1e-10
    assert found.is_capable


def test_type_1_study_without_reference_or_second_limit() -> None:
    found = type_one(np.array([1.0, 2.0, 3.0]), Bounds(high=4.0))

    assert (found.bias, found.cg, found.cgk, found.is_capable) == (None, None, None, None)


@pytest.mark.parametrize(("percent", "ndc", "said"), [
    (5.0, 20, "good"), (20.0, 6, "conditional"), (20.0, 3, "conditional, too few categories"),
    (31.0, 4, "bad"),
])
def test_rule_of_thumb_without_a_limit(percent: float, ndc: int, said: str) -> None:
    assert judged(percent, ndc) == said


@pytest.mark.parametrize(("tolerance", "said"), [(4.0, "good"), (20.0, "conditional"), (31.0, "bad")])
def test_a_limit_judges_the_gauge_whatever_the_boards_are(tolerance: float, said: str) -> None:
    assert judged(99.0, 1, tolerance, are_alike=True) == said


def test_boards_that_are_alike_condemn_no_gauge() -> None:
    assert judged(99.0, 1, None, are_alike=True) == "not defined: the boards are alike"
