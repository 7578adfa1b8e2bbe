from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.errors import RecipeError
from rig.recipe import Limit, Limits, MeasurementSpec
from rig.recipe.limits import Dimension
from rig.verdict import Judge, Outcome, judge, latest

IN_RANGE = MeasurementSpec(
    unit="V", says="volts", over=Dimension.DOMAIN, code="DOMAIN-VOLTS",
    limit=Limit(at_least=-1, at_most=1), marginal=Limit(at_least=-2, at_most=2),
)
NOTED = MeasurementSpec(unit="V", says="noted")
OPTIONAL = MeasurementSpec(unit="V", says="noted", required=False)
SIZES = {Dimension.DOMAIN: 3}


@pytest.mark.parametrize(("values", "outcome", "failing", "marginal"), [
    ([0, 1, -1], Outcome.PASS, (), ()),
    ([0, 1.5, 0], Outcome.MARGINAL, (), (1,)),
    ([0, 1.5, 3], Outcome.FAIL, (2,), (1,)),
    ([0, math.nan, 0], Outcome.FAIL, (1,), ()),
    ([math.inf, 0, 0], Outcome.FAIL, (0,), ()),
    ([], Outcome.FAIL, (), ()),
])
def test_limits(
    values: list[float], outcome: Outcome, failing: tuple[int, ...], marginal: tuple[int, ...]
) -> None:
    found = judge(IN_RANGE, values)
    assert (found.outcome, found.failing, found.marginal) == (outcome, failing, marginal)


@pytest.mark.parametrize(("spec", "values", "outcome"), [
    (NOTED, [7.0], Outcome.RECORDED),
    (NOTED, [math.nan], Outcome.FAIL),
    (NOTED, [], Outcome.FAIL),
    (OPTIONAL, [math.nan], Outcome.RECORDED),
    (OPTIONAL, [], Outcome.RECORDED),
])
def test_without_a_limit(spec: MeasurementSpec, values: list[float], outcome: Outcome) -> None:
    assert judge(spec, values).outcome is outcome


@given(st.lists(st.floats()), st.floats(-5, 5), st.floats(0, 5))
def test_what_passes_is_made_of_numbers_inside(values: list[float], low: float, span: float) -> None:
    limit = Limit(at_least=low, at_most=low + span)
    spec = MeasurementSpec(unit="", says="x", limit=limit, code="POWER-HIGH")
    found = judge(spec, values)
    inside = [math.isfinite(value) and low <= value <= low + span for value in values]
    assert (found.outcome is Outcome.PASS) == (bool(values) and all(inside))
    assert list(found.failing) == [index for index, fits in enumerate(inside) if not fits]


@given(st.lists(st.floats(-4, 4), min_size=1), st.sampled_from([math.nan, math.inf, -math.inf, 9.0]))
def test_a_bad_element_more_never_betters_the_outcome(values: list[float], bad: float) -> None:
    assert judge(IN_RANGE, [*values, bad]).outcome is Outcome.FAIL


def taker(spec: MeasurementSpec) -> Judge:
    return Judge(Limits(limits="x", version=1, measurements={"volts": spec}), SIZES)


def test_an_undeclared_name_is_the_recipes_error() -> None:
    with pytest.raises(RecipeError, match=r"'amps'.*limits\.yaml"):
        taker(IN_RANGE).take("amps", 1.0)


def test_a_wrong_number_of_values_is_the_recipes_error() -> None:
    with pytest.raises(RecipeError, match="found 2 values, expected 3"):
        taker(IN_RANGE).take("volts", [1, 2])
    with pytest.raises(RecipeError, match="found 2 values, expected 1"):
        taker(NOTED).take("volts", [1, 2])


def test_a_measurement_says_where_to_look_first() -> None:
    taken = taker(IN_RANGE).take("volts", [1.5, -3, 9], attempt=2, at_seconds=4.5)
    assert (taken.outcome, taken.attempt, taken.at_seconds) == (Outcome.FAIL, 2, 4.5)
    assert taken.worst_index() == 2
    assert taken.proves_failure
    assert taken.is_number
    assert taker(IN_RANGE).take("volts", [0, 1.5, 0]).worst_index() == 1
    assert taker(NOTED).take("volts", 3).worst_index() is None


def test_no_number_proves_nothing_against_a_board() -> None:
    taken = taker(IN_RANGE).take("volts", [0, math.nan, 0])
    assert taken.outcome is Outcome.FAIL
    assert not taken.proves_failure
    assert not taken.is_number
    assert taken.worst_index() is None
    assert not taker(IN_RANGE).take("volts", []).is_number


def test_without_a_limit_no_element_is_worse() -> None:
    spec = MeasurementSpec(unit="V", says="noted", over=Dimension.DOMAIN)
    assert taker(spec).take("volts", [1, 2, 3]).worst_index() is None


def test_the_last_attempt_counts() -> None:
    judge_ = taker(IN_RANGE)
    tries = [judge_.take("volts", [9, 0, 0]), judge_.take("volts", [0, 0, 0], attempt=2)]
    assert [taken.attempt for taken in latest(tries)] == [2]
