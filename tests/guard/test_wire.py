from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.errors import (
    BridgeError,
    GuardError,
    GuardTrip,
    InstrumentError,
    NoAcknowledge,
    RecipeError,
    RigError,
    Role,
    UsageError,
)
from rig.guard.wire import decode, encode, error_in, error_out, reading_in, reading_out
from rig.slot import Mode, Reading, Status, SupplyReading

numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(Reading),
    st.sampled_from([Reading.missing(Status.OVERLOAD), Reading.missing(Status.NO_DATA)]),
)


@pytest.mark.parametrize(
    "error",
    [
        GuardTrip("TEMP-HIGH", "found 66 °C"),
        InstrumentError(Role.SUPPLY, "gone"),
        InstrumentError(Role.SCANNER, "gone"),
        BridgeError("gone"),
        NoAcknowledge(0x50),
        GuardError("no lease"),
        UsageError("what?"),
    ],
)
def test_an_error_arrives_as_itself(error: RigError) -> None:
    arrived = error_in(decode(encode(error_out(error))))

    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert getattr(arrived, "code", None) == getattr(error, "code", None)


def test_an_error_without_a_kind_is_the_guards() -> None:
    assert isinstance(error_in(error_out(RecipeError("x"))), GuardError)
    assert isinstance(error_in({}), GuardError)


@given(numbers, numbers, numbers, st.sampled_from(Mode))
def test_a_reading_arrives_as_itself(volts: Reading, amps: Reading, watts: Reading, mode: Mode) -> None:
    reading = SupplyReading(volts, amps, watts, mode)

    arrived = reading_in(decode(encode(reading_out(reading))))

    assert arrived.mode is mode
    for sent, got in ((volts, arrived.volts), (amps, arrived.amps), (watts, arrived.watts)):
        assert got.status is sent.status
        assert got.value == sent.value or (math.isnan(got.value) and math.isnan(sent.value))


def test_a_number_that_is_none_does_not_travel_as_ok() -> None:
    broken = Reading(math.nan)
    sent = reading_out(SupplyReading(broken, broken, broken, Mode.OFF))

    assert reading_in(sent).volts.status is Status.NO_DATA


@pytest.mark.parametrize("line", [b"", b"{}", b"[]\n", b"7\n", b"{\n", b"\xff\n"])
def test_anything_but_one_whole_object_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own message
        decode(line)


def test_nan_is_never_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"volts": math.nan})
    assert json.loads(encode({"a": 1})) == {"a": 1}
