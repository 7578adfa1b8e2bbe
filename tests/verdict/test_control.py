"""Statistical control against published figures and patterns written out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.verdict.control import (
    Baseline,
    Hit,
    Rule,
    individuals,
    nelson,
    p_limits,
    western_electric,
    wilson,
)


@pytest.mark.parametrize(
    ("passed", "n", "low", "high"),
    [(95, 100, 0.8882, 0.9785), (20, 20, 0.8389, 1.0), (0, 20, 0.0, 0.1611)],
)
def test_wilson_gives_the_published_ends(passed: int, n: int, low: float, high: float) -> None:
    found = wilson(passed, n)

    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_within_0_and_1(counted: tuple[int, int]) -> None:
    passed, n = counted

    found = wilson(passed, n)

    assert 0 <= found.low <= passed / n <= found.high <= 1


@pytest.mark.parametrize(("passed", "n"), [(0, 0), (3, 2), (-1, 5)])
def test_wilson_refuses_what_is_no_share(passed: int, n: int) -> None:
    with pytest.raises(ValueError, match="a share"):
        wilson(passed, n)


def test_z_is_the_distance_in_sigmas_of_the_own_past() -> None:
    past = Baseline.of([10.0, 12.0, 14.0])

    assert (past.mean, past.sigma, past.n) == (12.0, 2.0, 3)
    assert past.z(18.0) == pytest.approx(3.0)


def test_a_past_without_spread_takes_any_change_for_endless() -> None:
    past = Baseline.of([65.0] * 5)

    assert past.z(65.0) == 0
    assert past.z(64.0) == -math.inf


@pytest.mark.parametrize("values", [[], [1.0], [1.0, math.nan]])
def test_a_baseline_needs_two_numbers(values: list[float]) -> None:
    with pytest.raises(ValueError, match="a baseline"):
        Baseline.of(values)


def test_individuals_are_mean_and_2_66_moving_ranges() -> None:
    chart = individuals([10.0, 12.0, 11.0, 13.0])       # moving ranges 2, 1, 2

    assert chart.moving_range == pytest.approx(5 / 3)
    assert chart.high - chart.mean == pytest.approx(2.66 * 5 / 3, rel=1e-3)
    assert chart.moving_range_high == pytest.approx(3.267 * 5 / 3)


def test_one_value_has_no_moving_range() -> None:
    with pytest.raises(ValueError, match="found 1 values"):
        individuals([1.0])


def test_p_limits_stay_within_0_and_1() -> None:
    found = p_limits(0.98, 50)

    assert found.high == 1
    assert found.low == pytest.approx(0.98 - 3 * math.sqrt(0.98 * 0.02 / 50))


def rules_at_the_end(zs: list[float], hits_of: Callable[..., tuple[Hit, ...]] = nelson) -> set[Rule]:
    return {hit.rule for hit in hits_of(zs, 0, 1) if hit.at == len(zs) - 1}


@pytest.mark.parametrize(
    ("rule", "met", "missed"),
    [
        (Rule.NELSON_1, [0.0, 3.1], [0.0, 3.0]),
        (Rule.NELSON_2, [0.5] * 9, [0.5] * 4 + [-0.5] + [0.5] * 4),
        (Rule.NELSON_3, [-2.5, -1.5, -0.5, 0.2, 0.5, 0.9], [-2.5, -1.5, -0.5, -0.5, 0.5, 0.9]),
        (Rule.NELSON_4, [0.4, -0.4] * 7, [0.4, -0.4] * 6 + [0.4, 0.5]),
        (Rule.NELSON_5, [2.1, 0.0, 2.1], [2.1, 0.0, -2.1]),
        (Rule.NELSON_6, [1.1, 1.1, 0.0, 1.1, 1.1], [1.1, 1.1, 0.0, -1.1, 1.1]),
        (Rule.NELSON_7, [0.9, -0.9, 0.1] * 5, [0.9, -0.9, 0.1] * 4 + [0.9, -1.2, 0.1]),
        (Rule.NELSON_8, [1.5, -1.5] * 4, [1.5] * 8),
    ],
)
def test_each_rule_of_nelson_by_a_pattern_and_by_one_just_short_of_it(
    rule: Rule, met: list[float], missed: list[float]
) -> None:
    assert rule in rules_at_the_end(met)
    assert rule not in rules_at_the_end(missed)


@pytest.mark.parametrize(
    ("rule", "met", "missed"),
    [
        (Rule.WESTERN_ELECTRIC_1, [-3.2], [-2.9]),
        (Rule.WESTERN_ELECTRIC_2, [-2.1, 0.3, -2.5], [-2.1, 2.2, -1.9]),
        (Rule.WESTERN_ELECTRIC_3, [1.2, 1.2, -0.3, 1.2, 1.2], [1.2, -1.2, 1.2, 0.9, 1.2]),
        (Rule.WESTERN_ELECTRIC_4, [-0.2] * 8, [-0.2] * 7),
    ],
)
def test_each_zone_rule_by_a_pattern_and_by_one_just_short_of_it(
    rule: Rule, met: list[float], missed: list[float]
) -> None:
    assert rule in rules_at_the_end(met, western_electric)
    assert rule not in rules_at_the_end(missed, western_electric)


def test_a_hit_stands_at_the_point_that_completes_it() -> None:
    values = [10.0, 10.0, 14.0, 10.0]

    assert western_electric(values, 10.0, 1.0) == (Hit(Rule.WESTERN_ELECTRIC_1, 2),)


def test_a_chart_in_control_has_no_hits() -> None:
    quiet = [0.3, -0.4, 1.2, -0.2, 0.1, 0.8, -1.3, 0.2, -0.6, 0.5]

    assert nelson(quiet, 0, 1) == ()
    assert western_electric(quiet, 0, 1) == ()


def test_rules_need_a_spread() -> None:
    with pytest.raises(ValueError, match="sigma"):
        nelson([1.0, 2.0], 0, 0)
