"""Limits: every operator given must hold, and one without operator is no limit."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from rig.datafile import check
from rig.errors import FileError
from rig.recipe.limits import Dimension, Limit, Limits, MeasurementSpec
from rig.recipe.mode import Mode

GOOD: dict[str, Any] = {"unit": "V", "says": "volts", "limit": {"at_least": 1}, "code": "POWER-OPEN"}

finite = st.floats(allow_nan=False, allow_infinity=False)
maybe = st.none() | finite


def read(**spec: Any) -> MeasurementSpec:
    values = {"limits": "x", "version": 1, "measurements": {"volts": GOOD | spec}}
    return check(Path("limits.yaml"), values, Limits).measurements["volts"]


@given(equals=maybe, at_least=maybe, at_most=maybe, value=st.floats())
def test_a_limit_holds_when_every_operator_does(
    equals: float | None, at_least: float | None, at_most: float | None, value: float
) -> None:
    assume((equals, at_least, at_most) != (None, None, None))
    assume(at_least is None or at_most is None or at_least <= at_most)
    assume(equals is None or at_least is None or equals >= at_least)
    assume(equals is None or at_most is None or equals <= at_most)
    limit = Limit(equals=equals, at_least=at_least, at_most=at_most)

    asked = [
        holds for bound, holds in (
            (equals, value == equals), (at_least, at_least is not None and value >= at_least),
            (at_most, at_most is not None and value <= at_most),
        ) if bound is not None
    ]
    assert limit.holds(value) is all(asked)
    assert not limit.holds(math.nan)


@given(bound=finite)
def test_bounds_belong_to_the_limit(bound: float) -> None:
    for limit in (Limit(equals=bound), Limit(at_least=bound), Limit(at_most=bound)):
        assert limit.holds(bound)
    above, below = math.nextafter(bound, math.inf), math.nextafter(bound, -math.inf)
    assert not Limit(at_most=bound).holds(above)
    assert not Limit(at_least=bound).holds(below)
    assert not Limit(equals=bound).holds(above)


def test_equals_outside_the_bounds_could_never_hold() -> None:
    with pytest.raises(ValidationError, match="equals within"):
        Limit(equals=5, at_most=4)


def test_infinity_passes_only_the_side_that_is_open() -> None:
    # a one-sided limit lets it through here: rig.verdict refuses what is no number before it asks
    assert Limit(at_least=1).holds(math.inf)
    assert not Limit(at_most=1).holds(math.inf)


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (Limit(equals=65), "= 65"), (Limit(at_least=1.0, at_most=10), ">= 1 and <= 10"),
        (Limit(at_most=0.045), "<= 0.045"),
    ],
)
def test_a_limit_reads_as_people_write_it(limit: Limit, text: str) -> None:
    assert str(limit) == text


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"limit": {}}, "an operator: equals, at_least or at_most"),
        ({"limit": {"at_least": 2, "at_most": 1}}, "at_least not above at_most"),
        ({"limit": {"at_least": math.nan}}, "limit.at_least"),
        ({"limit": {"above": 1}}, "unknown key"),
        ({"code": None}, "a failure code for every limit"),
        ({"limit": None, "code": None, "marginal": {"at_least": 0}}, "a limit inside the marginal one"),
        ({"over": "chips"}, "over"),
        ({"unit": None}, "unit"),
    ],
)
def test_half_a_measurement_is_refused(spec: dict[str, Any], says: str) -> None:
    with pytest.raises(FileError) as caught:
        read(**spec)
    assert says in str(caught.value)


def test_a_measurement_is_required_and_of_the_board_unless_it_says_otherwise() -> None:
    spec = read()
    assert (spec.over, spec.required, spec.critical) == (Dimension.BOARD, True, False)
    assert read(over="chip").over is Dimension.CHIP


def test_a_measurement_may_be_recorded_only() -> None:
    assert read(limit=None, code=None).limit is None


def test_a_level_may_have_limits_of_its_own() -> None:
    levels = {"L2": {"limit": {"at_most": 950}}}
    spec = read(limit={"at_most": 1085}, marginal={"at_most": 1100}, levels=levels)
    limits = Limits(limits="x", version=1, measurements={"watts": spec})
    assert str(limits.at_level("L1").measurements["watts"].limit) == "<= 1085"
    at_l2 = limits.at_level("L2").measurements["watts"]
    assert (str(at_l2.limit), at_l2.marginal, at_l2.code) == ("<= 950", None, "POWER-OPEN")
    assert [str(limit) for limit in spec.all_limits()] == ["<= 1085", "<= 950"]
    recorded = limits.model_copy(update={"measurements": {
        "watts": spec.model_copy(update={"modes": (Mode.RANDOM_WORK,)})
    }}).in_mode(Mode.SEQUENTIAL).at_level("L2")
    assert recorded.measurements["watts"].limit is None


@pytest.mark.parametrize(("spec", "says"), [
    ({"limit": None, "code": None, "levels": {"L1": {"limit": {"at_most": 1}}}}, "a limit for the levels"),
    ({"limit": {"equals": 1}, "uncertainty": 0.1}, "no uncertainty for what must equal"),
    ({"uncertainty": 0.1, "levels": {"L1": {"limit": {"equals": 1}}}}, "no uncertainty for what must equal"),
    ({"uncertainty": -0.1}, "uncertainty"),
])
def test_limits_that_contradict_themselves_are_refused(spec: dict[str, Any], says: str) -> None:
    with pytest.raises(FileError, match=says):
        read(**spec)


def test_a_mode_records_what_it_does_not_judge_by() -> None:
    spec = {"unit": "", "says": "x", "limit": {"at_most": 1}, "code": "CHIP-WEAK", "critical": True}
    limits = Limits.model_validate({"limits": "x", "version": 1, "measurements": {
        "all": spec, "one": spec | {"modes": ["full_pattern"]},
    }})
    here, there = limits.in_mode(Mode.FULL_PATTERN), limits.in_mode(Mode.SEQUENTIAL)
    assert here == limits
    assert there.measurements["all"] == limits.measurements["all"]
    recorded = there.measurements["one"]
    assert (recorded.limit, recorded.code, recorded.required, recorded.critical) == (None, None, False, False)
    with pytest.raises(ValueError, match="modes"):
        Limits.model_validate(
            {"limits": "x", "version": 1, "measurements": {"none": spec | {"modes": []}}}
        )
