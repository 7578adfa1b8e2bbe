"""A limit's words say the limit."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rig.recipe import Limit
from rig.records.exports.bounds import Bounds

NUMBER = st.floats(-1e9, 1e9).map(lambda value: float(f"{value:g}"))


@given(st.none() | NUMBER, st.none() | NUMBER)
def test_both_ends(low: float | None, high: float | None) -> None:
    assume(low is not None or high is not None)
    assume(low is None or high is None or low <= high)
    assert Bounds.of(str(Limit(at_least=low, at_most=high))) == Bounds(low, high)


@given(NUMBER)
def test_one_value(value: float) -> None:
    assert Bounds.of(str(Limit(equals=value))) == Bounds(value, value, value)


@pytest.mark.parametrize("words", [None, "", "none"])
def test_no_limit(words: str | None) -> None:
    assert Bounds.of(words) == Bounds()
