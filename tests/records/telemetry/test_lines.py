"""Read back by line-protocol-parser, which knows nothing of our encoder."""

from __future__ import annotations

import math
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from line_protocol_parser import parse_line

from rig.records.telemetry.lines import NotALine, point

LETTERS = string.ascii_letters
FURTHER = st.text(LETTERS + string.digits + "_", max_size=8)
NAMES = st.builds(str.__add__, st.sampled_from(LETTERS), FURTHER).filter(lambda name: name != "time")
SIGNS = st.characters(
    codec="utf-8", exclude_categories=("C", "Z"), include_characters=" ,=", exclude_characters="\\"
)
TAGS = st.text(SIGNS, min_size=1, max_size=8)
FIELDS = st.one_of(
    st.integers(-2**63, 2**63 - 1), st.booleans(),
    # the reader takes no subnormal numbers; servers do
    st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False),
    st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=8),
)
TAG_SETS = st.dictionaries(NAMES, TAGS, max_size=4)
FIELD_SETS = st.dictionaries(NAMES, FIELDS, min_size=1, max_size=6)
TIMES = st.integers(1, 2**63 - 2)


@given(NAMES, TAG_SETS, FIELD_SETS, TIMES)
def test_what_is_written_is_read(
    name: str, tags: dict[str, str], fields: dict[str, float | int | bool | str], ns: int
) -> None:
    line = point(name, tags, fields, ns)

    told = parse_line(line)
    assert (told["measurement"], told["tags"], told["time"]) == (name, tags, ns)
    assert told["fields"] == fields
    assert {key: type(value) for key, value in told["fields"].items()} == {
        key: type(value) for key, value in fields.items()
    }
    assert "\n" not in line


@given(st.sampled_from([math.nan, math.inf, -math.inf]), FIELD_SETS)
def test_what_is_no_number_is_refused_loudly(bad: float, others: dict[str, float | int | bool | str]) -> None:
    with pytest.raises(NotALine, match="expected a finite number"):
        point("rig_board", {}, {**others, "watts": bad}, 1)


@pytest.mark.parametrize(
    ("measurement", "tags", "fields", "ns"),
    [
        ("rig_board", {}, {}, 1),
        ("rig board", {}, {"a": 1.0}, 1),
        ("", {}, {"a": 1.0}, 1),
        ("rig_board", {"slot": ""}, {"a": 1.0}, 1),
        ("rig_board", {"slot": "a\nb"}, {"a": 1.0}, 1),
        ("rig_board", {"slot": "a\\"}, {"a": 1.0}, 1),
        ("rig_board", {"slot,x": "a"}, {"a": 1.0}, 1),
        ("rig_board", {}, {"a b": 1.0}, 1),
        ("rig_board", {}, {"time": 1.0}, 1),
        ("rig_board", {}, {"a": 2**63}, 1),
        ("rig_board", {}, {"a": "two\nlines"}, 1),
        ("rig_board", {}, {"a": 1.0}, 0),
        ("rig_board", {}, {"a": 1.0}, 2**63 - 1),
    ],
)
def test_what_a_server_would_misread_is_refused(
    measurement: str, tags: dict[str, str], fields: dict[str, float | int | str], ns: int
) -> None:
    with pytest.raises(NotALine):
        point(measurement, tags, fields, ns)


def test_a_line_is_as_the_protocol_has_it() -> None:
    tags, fields = {"slot": "slot 1", "chip": "17"}, {"hits": 1032, "mhz": 545.0, "run": 'a"b\\c'}

    line = point("rig_chip", tags, fields, 5)

    assert line == 'rig_chip,chip=17,slot=slot\\ 1 hits=1032i,mhz=545.0,run="a\\"b\\\\c" 5'
