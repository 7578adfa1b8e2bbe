"""The formulas of our own against reference numbers and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from rig.qa.stats import Bounds, anderson_darling, benjamini_hochberg, index, index_interval


def test_benjamini_hochberg_against_scipy() -> None:
    p = np.array([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216])

    fallen = benjamini_hochberg(p, 0.05)

    assert fallen.tolist() == (scipy_stats.false_discovery_control(p) <= 0.05).tolist()
    assert fallen.tolist() == [True, True] + [False] * 8


def test_benjamini_hochberg_of_nothing() -> None:
    assert benjamini_hochberg(np.empty(0), 0.05).tolist() == []


def test_anderson_darling_statistic_is_scipys() -> None:
    values = np.random.default_rng(4).normal(3.0, 2.0, (1, 400)) ** 2
    expected = scipy_stats.anderson(values[0], "norm", method="interpolate").statistic
    a = expected * (1 + 0.75 / 400 + 2.25 / 400**2)

    assert anderson_darling(values)[0] == pytest.approx(np.exp(1.2937 - 5.709 * a + 0.0186 * a**2), rel=1e-6)


def test_anderson_darling_calls_normal_data_abnormal_as_seldom_as_it_says() -> None:
    values = np.random.default_rng(5).normal(0.0, 1.0, (2000, 100))

    assert 0.001 <= (anderson_darling(values) < 0.005).mean() <= 0.012


def test_anderson_darling_of_a_constant_says_nothing() -> None:
    assert np.isnan(anderson_darling(np.ones((1, 50)))[0])


@pytest.mark.parametrize(("text", "bounds"), [
    (">= 14.85 and <= 15.15", Bounds(14.85, 15.15)), ("<= 1085", Bounds(high=1085.0)),
    (">= -0.045", Bounds(-0.045)),
    ("= 65", Bounds(equals=65.0)), ("<= 1e-05", Bounds(high=1e-05)), (None, Bounds()), ("", Bounds()),
])
def test_limits_are_read_from_a_records_words(text: str | None, bounds: Bounds) -> None:
    assert Bounds.read(text) == bounds


def test_index_of_one_side_and_of_two() -> None:
    assert index(Bounds(0.0, 10.0), 6.0, 3.0, 3.0) == pytest.approx(4 / 3)
    assert index(Bounds(high=9.0), 6.0, 3.0, 1.5) == pytest.approx(2.0)


def test_interval_of_an_index() -> None:
    """n = 100, Cpk = 1.33: 1.96 * sqrt(1/900 + 1.33**2/198) = 0.19644."""
    low, high = index_interval(1.33, 100)

    assert (low, high) == (pytest.approx(1.13356, abs=5e-6), pytest.approx(1.52644, abs=5e-6))
