"""The EEPROM image: fields at their places, damage found, round trips."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.recipe.eeprom_layout import (
    CRC,
    PT1_START,
    BoardIdentity,
    EepromDamaged,
    crc8,
    decode_image,
    decode_pt1,
    encode_image,
    encode_pt1,
)

IDENTITY = BoardIdentity(
    serial="SMTTYABCDE1234567",
    board_name="BHB68701",
    factory_job="JOB20260114-0001",
    chip_die="AB",
    chip_marking="BM1370BB-F2",
    ft_version="F1V02B3C1",
    chip_technology="N5",
    chip_bin=2,
    pcb_version=0x011E,
    bom_version=0x10,
    sensor_type=4,
    pt1_result=1,
    pt1_count=3,
)


def ascii_text(width: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=width)


IDENTITIES = st.builds(
    BoardIdentity,
    serial=ascii_text(18),
    board_name=ascii_text(15),
    factory_job=ascii_text(24),
    chip_die=ascii_text(3),
    chip_marking=ascii_text(14),
    ft_version=ascii_text(10),
    chip_technology=ascii_text(3),
    chip_bin=st.integers(0, 255),
    pcb_version=st.integers(0, 0xFFFF),
    bom_version=st.integers(0, 255),
    sensor_type=st.integers(0, 255),
    pt1_result=st.integers(0, 255),
    pt1_count=st.integers(0, 255),
)


def crc8_as_the_source_says(data: bytes) -> int:
    """The rule in the source's own words: on a set low bit XOR 0x73, then invert."""
    crc = 0
    for byte in data:
        for k in range(8):
            low, crc = (crc ^ (byte >> k)) & 1, crc >> 1
            if low:
                crc = ~(crc ^ 0x73) & 0xFF
    return crc


@given(st.binary(max_size=100))
def test_crc8_follows_its_rule(data: bytes) -> None:
    assert crc8(data) == crc8_as_the_source_says(data)


def test_crc8_check_value_of_the_dallas_crc() -> None:
    assert crc8(b"123456789") == 0xA1
    assert crc8(bytes(79)) == 0


@given(IDENTITIES)
def test_image_round_trip(identity: BoardIdentity) -> None:
    image = encode_image(identity)
    assert len(image) == 256
    assert decode_image(image) == identity


def test_fields_stand_at_the_places_of_the_layout() -> None:
    image = encode_image(IDENTITY)
    assert image[0] == 1
    assert image[1:16] == b"BHB68701".ljust(15, b"\0")
    record = image[0x10:0x60]
    assert record == encode_pt1(IDENTITY)
    assert record[0:18] == b"SMTTYABCDE1234567\0"
    assert record[18:42].rstrip(b"\0") == b"JOB20260114-0001"
    assert record[42:45] == b"AB\0"
    assert record[45:59].rstrip(b"\0") == b"BM1370BB-F2"
    assert record[59:69].rstrip(b"\0") == b"F1V02B3C1"
    assert record[69:72] == b"N5\0"
    assert list(record[72:79]) == [2, 0x1E, 0x01, 0x10, 4, 1, 3]
    assert record[79] == crc8(record[:79])
    assert image[0x60:] == b"\xff" * 160


@given(st.integers(0, 79), st.integers(1, 255))
def test_any_changed_byte_of_the_record_is_damage(at: int, flip: int) -> None:
    image = bytearray(encode_image(IDENTITY))
    image[PT1_START + at] ^= flip
    with pytest.raises(EepromDamaged, match="checksum"):
        decode_image(bytes(image))


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (b"\xff" * 256, "never written"),
        (b"\0" * 256, "layout version 0, expected 1"),
        (encode_image(IDENTITY)[:-1], "255 bytes, expected 256"),
        (b"\x01\x07" + encode_image(IDENTITY)[2:], "board_name"),
    ],
)
def test_no_image_says_what_was_found(image: bytes, says: str) -> None:
    with pytest.raises(EepromDamaged, match=says):
        decode_image(image)


def test_unprintable_text_with_a_good_checksum_is_damage() -> None:
    record = bytearray(encode_pt1(IDENTITY))
    record[3] = 0x80
    record[CRC] = crc8(bytes(record[:CRC]))
    with pytest.raises(EepromDamaged, match="serial"):
        decode_pt1(bytes(record), "BHB68701")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"serial": "X" * 19}, "serial: found 19"),
        ({"chip_bin": 256}, "chip_bin: found 256"),
        ({"pcb_version": -1}, "pcb_version"),
        ({"factory_job": "café"}, "factory_job"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        encode_image(replace(IDENTITY, **change))  # type: ignore[arg-type]
