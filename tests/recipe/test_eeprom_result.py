from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.recipe.eeprom_layout import EepromDamaged, crc8
from rig.recipe.eeprom_result import (
    PT2_SIZE,
    WorkResult,
    decode_pt2,
    encode_pt2,
)

GOOD = WorkResult(13.60, 588, 0.9991, (24, 57), passed=True, count=1)


def test_where_each_field_lies() -> None:
    record = encode_pt2(GOOD)
    assert record[:15] == bytes([0x50, 0x05, 0x4C, 0x02, 0x07, 0x27, 0, 24, 57, 1, 1, 0, 0, 0, 0])
    assert record[15] == crc8(record[:15])


RESULTS = st.builds(
    WorkResult,
    volts=st.integers(0, 0xFFFF).map(lambda value: value / 100),
    mhz=st.integers(0, 0xFFFF),
    answer_share=st.integers(0, 0xFFFF).map(lambda value: value / 10_000),
    celsius=st.tuples(st.integers(-128, 127), st.integers(-128, 127)),
    passed=st.booleans(),
    count=st.integers(0, 0xFF),
)


@given(RESULTS)
def test_a_result_comes_back(result: WorkResult) -> None:
    assert decode_pt2(encode_pt2(result)) == result


@given(RESULTS, st.integers(0, PT2_SIZE * 8 - 1))
def test_a_changed_bit_is_found(result: WorkResult, bit: int) -> None:
    record = bytearray(encode_pt2(result))
    record[bit // 8] ^= 1 << bit % 8
    with pytest.raises(EepromDamaged, match="PT2 record: found checksum"):
        decode_pt2(bytes(record))


@pytest.mark.parametrize("change", [{"volts": 700.0}, {"mhz": 1e5}, {"celsius": (0, 200)}, {"count": 256}])
def test_what_does_not_fit_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="too large for the PT2 record"):
        encode_pt2(replace(GOOD, **change))  # type: ignore[arg-type]


def test_a_record_of_another_length() -> None:
    with pytest.raises(EepromDamaged, match="found 3 bytes, expected 16"):
        decode_pt2(b"abc")
