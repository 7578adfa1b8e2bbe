"""One spelling for each value; whatever else says the same is told apart."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.records.canonical import NotCanonical, canonical, digest_of, parsed

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


def test_the_form_is_the_documented_one() -> None:
    value = {"b": [1, 1.0, 1e-7, 1e16, -0.0, True, None], "a": 'é"\\\n\u2028', "A": {}}
    assert canonical(value).decode() == (
        '{"A":{},"a":"é\\"\\\\\\n\u2028","b":[1,1.0,1e-07,1e+16,-0.0,true,null]}'
    )


@given(VALUES)
def test_what_is_read_back_is_the_same_and_spelt_the_same(value: Any) -> None:
    text = canonical(value)
    assert parsed(text) == value
    assert canonical(parsed(text)) == text


@given(VALUES)
def test_spaces_do_not_change_a_digest(value: Any) -> None:
    loose = json.dumps(value, indent=3, ensure_ascii=True)
    assert digest_of(loose) == hashlib.sha256(canonical(value)).hexdigest()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2, "1": 3}, "\ud800", {"x": b"bytes"}])
def test_what_has_no_form_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


@pytest.mark.parametrize("text", [
    b"", b"{", b"NaN", b"[Infinity]", b"1e999", b"\xff", b"9" * 5000, b"[" * 200_000,
])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(NotCanonical, match="found no JSON"):
        parsed(text)
