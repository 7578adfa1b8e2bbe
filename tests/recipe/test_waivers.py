"""Waivers: who, why, how long and for whom; wider and nothing else; and seen where they are used."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rig.datafile import check
from rig.errors import FileError
from rig.recipe.limits import LevelLimit, Limit, Limits, MeasurementSpec
from rig.recipe.waivers import ChipLot, Waivers, wider

ENTRY: dict[str, Any] = {
    "author": "Q. Engineer", "reason": "lot measured low at FT", "expires": "2026-12-31",
    "chips": {"ft_version": "F1V01B5C1", "chip_bin": 4}, "measurement": "rate", "limit": {"at_least": 0.965},
}
BOARD = ChipLot("LOT7", "F1V01B5C1", 4)
LIMITS = Limits(limits="x", version=1, measurements={
    "rate": MeasurementSpec(unit="", says="share", limit=Limit(at_least=0.985), code="CHIP-WEAK"),
    "noted": MeasurementSpec(unit="", says="noted"),
})
TODAY = date(2026, 11, 1)


def read(**changes: Any) -> Waivers:
    entry = {key: value for key, value in (ENTRY | changes).items() if value is not None}
    return check(Path("waivers.yaml"), {"waivers": "x", "version": 1, "entries": {"W1": entry}}, Waivers)


def test_a_waived_measurement_is_marginal_and_says_whose_waiver_it_is() -> None:
    limits, used, late = read().applied(LIMITS, BOARD, TODAY)
    spec = limits.measurements["rate"]
    assert (used, late) == (("W1",), ())
    assert (str(spec.limit), str(spec.marginal)) == (">= 0.985", ">= 0.965")
    assert "waiver W1 of Q. Engineer, up to 2026-12-31: lot measured low at FT" in spec.says
    assert LIMITS.measurements["rate"].marginal is None


def test_a_level_of_its_own_is_widened_too() -> None:
    own = LevelLimit(limit=Limit(at_least=0.98))
    spec = LIMITS.measurements["rate"].model_copy(update={"levels": {"L2": own}})
    limits = LIMITS.model_copy(update={"measurements": {"rate": spec}})
    at_l2 = read().applied(limits, BOARD, TODAY)[0].at_level("L2").measurements["rate"]
    assert (str(at_l2.limit), str(at_l2.marginal)) == (">= 0.98", ">= 0.965")


@pytest.mark.parametrize("board", [
    ChipLot("LOT7", "F1V01B5C1", 3), ChipLot("LOT7", "F1V01B5C2", 4),
])
def test_other_boards_keep_their_limits(board: ChipLot) -> None:
    assert read().applied(LIMITS, board, TODAY) == (LIMITS, (), ())


def test_the_lot_alone_will_do() -> None:
    by_lot = read(chips={"lot": "LOT7"})
    assert by_lot.applied(LIMITS, BOARD, TODAY)[1] == ("W1",)
    assert by_lot.applied(LIMITS, ChipLot("LOT8", "F1V01B5C1", 4), TODAY)[1] == ()


def test_an_expired_waiver_is_not_applied_and_named() -> None:
    assert read().applied(LIMITS, BOARD, date(2026, 12, 31))[1] == ("W1",)
    assert read().applied(LIMITS, BOARD, date(2027, 1, 1)) == (LIMITS, (), ("W1",))


def test_what_this_mode_only_records_needs_no_waiver() -> None:
    recorded = LIMITS.model_copy(update={"measurements": {
        "rate": MeasurementSpec(unit="", says="share", required=False)
    }})
    assert read().applied(recorded, BOARD, TODAY) == (recorded, (), ())


@pytest.mark.parametrize(("changes", "says"), [
    ({"author": None}, "author"), ({"author": ""}, "author"), ({"reason": ""}, "reason"),
    ({"expires": None}, "expires"), ({"expires": "soon"}, "expires"), ({"chips": None}, "chips"),
    ({"chips": {}}, "a waiver for all boards is a limit"), ({"chips": {"lot": ""}}, "lot"),
    ({"chips": {"lot": None}}, "a waiver for all boards is a limit"),
    ({"limit": {}}, "an operator"),
])
def test_a_waiver_without_author_reason_end_or_boards_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(FileError, match=says):
        read(**changes)


@pytest.mark.parametrize(("changes", "expected"), [
    ({}, None),
    ({"measurement": "rats"}, "a measurement of limits.yaml"),
    ({"measurement": "noted"}, "a measurement with a limit"),
    ({"limit": {"at_least": 0.99}}, "more through than >= 0.985"),
    ({"limit": {"at_least": 0.985}}, "more through than >= 0.985"),
    ({"limit": {"at_least": 0.9, "at_most": 1}}, "more through than >= 0.985"),
])
def test_a_waiver_only_widens(changes: dict[str, Any], expected: str | None) -> None:
    found = [problem[2] for problem in read(**changes).problems(LIMITS)]
    assert len(found) == (expected is not None)
    assert expected is None or expected in found[0]


def test_a_waiver_must_be_wider_than_the_marginal_limit_too() -> None:
    spec = LIMITS.measurements["rate"].model_copy(update={"marginal": Limit(at_least=0.95)})
    limits = LIMITS.model_copy(update={"measurements": {"rate": spec}})
    assert [problem[2] for problem in read().problems(limits)] == ["one that lets more through than >= 0.95"]


limits_ = st.builds(
    lambda low, high, one: Limit(equals=low) if one else Limit(at_least=low, at_most=high),
    st.floats(-9, 0), st.floats(0, 9), st.booleans(),
)


@given(limits_, limits_, st.floats(-10, 10))
def test_a_wider_limit_lets_through_all_that_the_other_does(one: Limit, other: Limit, value: float) -> None:
    assume(wider(one, other))
    assert one.holds(value) or not other.holds(value)
    assert not wider(other, one)
