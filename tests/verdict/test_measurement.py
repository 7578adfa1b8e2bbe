from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.errors import RecipeError
from rig.recipe import Failures, Limit, Limits, MeasurementSpec
from rig.recipe.limits import Dimension
from rig.verdict import Evidence, Judge, Outcome, Verdict, combine, diagnose, judge, latest
from rig.verdict.measurement import OUTCOMES, Standing, standing

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


# ---- the rules as a table, held against all kinds of measurements

bounds = st.floats(-100, 100)
anything = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1.0])


@st.composite
def specs(draw: st.DrawFn) -> MeasurementSpec:
    low, high = sorted((draw(bounds), draw(bounds)))
    limit = draw(st.sampled_from([
        None, Limit(at_least=low), Limit(at_most=high), Limit(at_least=low, at_most=high), Limit(equals=low),
    ]))
    wider = draw(st.sampled_from([None, Limit(at_least=low - 5, at_most=high + 5)]))
    exact = limit is None or limit.equals is not None
    return MeasurementSpec(
        unit="V", says="x", over=Dimension.DOMAIN, limit=limit, code=limit and "POWER-HIGH",
        marginal=limit and wider, uncertainty=0.0 if exact else draw(st.floats(0, 10)),
        required=draw(st.booleans()), critical=draw(st.booleans()),
    )


@given(specs(), st.lists(anything, max_size=5))
def test_a_pass_is_made_of_numbers_beyond_doubt(spec: MeasurementSpec, values: list[float]) -> None:
    found = judge(spec, values)
    sure = spec.limit is not None and bool(values) and all(
        math.isfinite(value) and spec.limit.holds(value - spec.uncertainty)
        and spec.limit.holds(value) and spec.limit.holds(value + spec.uncertainty) for value in values
    )
    assert (found.outcome is Outcome.PASS) == sure


@given(specs(), st.lists(anything, min_size=1, max_size=5))
def test_the_elements_make_the_outcome(spec: MeasurementSpec, values: list[float]) -> None:
    found = judge(spec, values)
    assert not set(found.failing) & set(found.marginal)
    each = [judge(spec, [value]).outcome for value in values]
    assert list(found.failing) == [at for at, one in enumerate(each) if one is Outcome.FAIL]
    assert list(found.marginal) == [at for at, one in enumerate(each) if one is Outcome.MARGINAL]
    assert found.outcome in each
    assert (found.outcome is Outcome.FAIL) == (Outcome.FAIL in each)
    assert (found.outcome is Outcome.RECORDED) == all(one is Outcome.RECORDED for one in each)


@given(specs(), st.permutations([0.5, math.nan, -7.0, 60.0]))
def test_the_order_of_the_elements_says_nothing(spec: MeasurementSpec, values: list[float]) -> None:
    assert judge(spec, values).outcome is judge(spec, sorted(values)).outcome


@given(specs(), anything, st.floats(0, 50))
def test_more_uncertainty_never_betters_an_outcome(
    spec: MeasurementSpec, value: float, more: float
) -> None:
    unsure = spec.model_copy(update={"uncertainty": spec.uncertainty + more})
    order = [Outcome.RECORDED, Outcome.PASS, Outcome.MARGINAL, Outcome.FAIL]
    before, after = judge(spec, [value]).outcome, judge(unsure, [value]).outcome
    assert order.index(after) >= order.index(before)
    assert (before is Outcome.FAIL) == (after is Outcome.FAIL), "doubt proves no failure"


@given(specs(), st.sampled_from([[], [math.nan], [math.inf], [-math.inf], [0.5, math.nan]]))
def test_what_is_no_number_never_passes(spec: MeasurementSpec, values: list[float]) -> None:
    asked = spec.limit is not None or spec.required
    assert judge(spec, values).outcome is (Outcome.FAIL if asked else Outcome.RECORDED)


@pytest.mark.parametrize(("value", "expected"), [
    (5.0, Standing.INSIDE), (9.5, Standing.INSIDE), (9.6, Standing.GUARDED), (10.0, Standing.GUARDED),
    (10.1, Standing.NEAR), (12.0, Standing.NEAR), (12.1, Standing.OUTSIDE), (0.2, Standing.GUARDED),
    (-0.1, Standing.OUTSIDE), (math.nan, Standing.NO_NUMBER),
])
def test_the_bands(value: float, expected: Standing) -> None:
    spec = MeasurementSpec(unit="W", says="x", code="POWER-HIGH", limit=Limit(at_least=0, at_most=10),
                           marginal=Limit(at_least=0, at_most=12), uncertainty=0.5)
    assert standing(spec, value) is expected
    assert set(OUTCOMES) == set(Standing)


# ---- and what they come to in the end

RUN = {
    "needed": MeasurementSpec(unit="W", says="needed", limit=Limit(at_most=10), code="POWER-HIGH"),
    "extra": MeasurementSpec(unit="V", says="extra", limit=Limit(at_most=10), code="POWER-OPEN",
                             required=False),
    "noted": MeasurementSpec(unit="A", says="noted"),
}


@given(st.fixed_dictionaries({name: st.none() | anything | st.just(1.0) for name in RUN}))
def test_a_run_passes_only_if_all_that_is_asked_was_taken_and_holds(
    failures: Failures, taken: dict[str, float | None]
) -> None:
    limits = Limits(limits="run", version=1, measurements=RUN)
    judge_ = Judge(limits, {})
    measurements = tuple(judge_.take(name, value) for name, value in taken.items() if value is not None)
    evidence = Evidence(slot="slot1", serial="SN", limits=limits, chips=65, chips_per_domain=5,
                        measurements=measurements)
    grade = combine(diagnose(evidence, failures), level="L1")

    def holds(name: str, *, most: float = math.inf) -> bool:
        value = taken[name]
        return value is not None and math.isfinite(value) and value <= most

    extra = taken["extra"] is None or holds("extra", most=10)
    whole = holds("needed", most=10) and holds("noted") and extra
    assert (grade.verdict is Verdict.PASS) == whole
    proved = [taken[name] for name in ("needed", "extra")
              if taken[name] is not None and math.isfinite(taken[name]) and taken[name] > 10]
    if grade.verdict is Verdict.FAIL:
        assert proved, "a board fails on numbers only"
    assert (grade.grade == "L1") == whole
