from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.instruments.numbers import parse_number, parse_numbers, parse_register, parse_switch
from rig.slot import Status


@given(st.floats(min_value=-9.8e37, max_value=9.8e37))
def test_a_number_comes_back_as_itself(value: float) -> None:
    reading = parse_number(f" {value:+.17E}\r")

    assert reading.ok
    assert reading.value == value


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("9.9E37", Status.OVERLOAD),
        ("-9.90000000E+37", Status.OVERLOAD),
        ("+9.9e+37\r", Status.OVERLOAD),
        ("INF", Status.OVERLOAD),
        ("-inf", Status.OVERLOAD),
        ("1e38", Status.OVERLOAD),
        ("9.91E37", Status.NO_DATA),
        ("NAN", Status.NO_DATA),
        ("nan", Status.NO_DATA),
        ("----", Status.NO_DATA),
    ],
)
def test_a_sentinel_is_a_status_and_no_float(text: str, status: Status) -> None:
    reading = parse_number(text)

    assert reading.status is status
    assert math.isnan(reading.value)
    assert not reading.ok


@pytest.mark.parametrize("text", ["", " ", "1_000", "0x10", "13.6V", "1,2", "1.2.3", "ON", "e5", "-"])
def test_anything_else_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        parse_number(text)


@given(st.text())
def test_no_text_gives_a_number_that_is_not_finite_and_ok(text: str) -> None:
    try:
        reading = parse_number(text)
    except ValueError:
        return
    assert reading.ok == math.isfinite(reading.value)


def test_the_count_of_numbers_must_be_right() -> None:
    assert [reading.value for reading in parse_numbers("1,2.5,-3", 3)] == [1.0, 2.5, -3.0]
    with pytest.raises(ValueError, match="2 values"):
        parse_numbers("1,2", 3)


def test_registers_and_switches() -> None:
    assert parse_register("+0005") == 5
    assert parse_switch("1")
    assert not parse_switch("OFF\r")
    for text in ("-1", "1.5", "9.9E37", "NAN"):
        with pytest.raises(ValueError, match="register"):
            parse_register(text)
    with pytest.raises(ValueError, match="neither"):
        parse_switch("2")
