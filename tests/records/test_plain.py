from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.records.plain import number, plain
from rig.verdict import Verdict


@pytest.mark.parametrize(("value", "expected"), [
    (Verdict.FAIL, "FAIL"),
    (math.nan, None),
    (-math.inf, None),
    (True, True),
    (np.float64("nan"), None),
    (np.int8(3), 3),
    (np.array([[1.5, np.inf]]), [[1.5, None]]),
    (Path("a/b"), "a/b"),
    (datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta(hours=1))), "2026-01-01T08:00:00+00:00"),
    ({Verdict.PASS: (1, 2)}, {"PASS": [1, 2]}),
    ({3, }, [3]),
    (1 + 2j, "(1+2j)"),
])
def test_what_becomes_of_a_value(value: Any, expected: Any) -> None:
    assert plain(value) == expected


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(VALUES)
def test_anything_becomes_strict_json(value: Any) -> None:
    text = json.dumps(plain(value), allow_nan=False)
    assert plain(json.loads(text)) == json.loads(text)


def test_numbers() -> None:
    assert [number(value) for value in (1.5, math.nan, math.inf, None)] == [1.5, None, None, None]
