"""Who a board is: under the right key, a wrong one, none, and damaged under each."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.eepromkeys import EepromKeys
from rig.recipe.eeprom import Image, Layout, Region, RegionState, decode, encode
from rig.recipe.eeprom.fields import Field, Form, Value
from rig.recipe.eeprom.identity import EepromLocked, identity_of
from rig.recipe.eeprom.layouts import S19_FORMAT_3, S21_V4, S21_V5, S21PRO_V1, Cipher
from rig.recipe.eeprom_layout import BoardIdentity, EepromDamaged, encode_image

CHANCE = random.Random(17)
KEYS = EepromKeys({1: CHANCE.randbytes(16)}, (CHANCE.randbytes(32), CHANCE.randbytes(16)))
NONE = EepromKeys()
IDENTITY = BoardIdentity(
    serial="SMTTYABCDE1234567", board_name="BHB68701", factory_job="JOB20260114-0001", chip_die="AB",
    chip_marking="BM1370BB-F2", ft_version="F1V02B3C1", chip_technology="N5", chip_bin=2, pcb_version=0x011E,
    bom_version=0x10, sensor_type=4, pt1_result=1, pt1_count=3,
)
WORK = {"volts": 13.6, "mhz": 588, "answer_share": 0.9991, "pt2_result": 1, "pt2_count": 2}


@cache
def board_of(layout: Layout, cipher: Cipher, *, tested: bool = False) -> bytes:
    """A board's image as its layout has it, under KEYS."""
    def told(name: str, field: Field) -> Value:
        known: dict[str, Value] = {
            "chip_sensor_type": IDENTITY.sensor_type,
            **{key: getattr(IDENTITY, key) for key in BoardIdentity.__dataclass_fields__},
            **(WORK if name == "work" else {}),
        }
        nothing: Value = {
            Form.TEXT: "", Form.BYTES: bytes(field.width), Form.NUMBERS: (0,) * field.width,
            Form.NIBBLES: (0, 0) * field.width,
        }.get(field.form, 0)
        return known.get(field.name, nothing)

    regions = tuple(
        Region(spec.name, spec.start, RegionState.SOUND, b"", "", {one.name: told(spec.name, one)
                                                                   for one in spec.fields})
        if spec.name == "board" or (tested and spec.name == "work")
        else Region(spec.name, spec.start, RegionState.UNWRITTEN, bytes([0xFF]) * spec.size, "", {})
        for spec in layout.regions
    )
    keyed = None if layout.keyed is None else 0x11 if cipher is Cipher.XXTEA else 0x00
    clear = {field.name: IDENTITY.board_name for field in layout.clear}
    unused, trailer = bytes([0xFF]) * len(layout.unused()), 0x5A if layout.trailer else None
    return encode(Image(layout, cipher, keyed, clear, regions, unused, trailer, ()), KEYS)


ENCIPHERED = [(S21PRO_V1, Cipher.AES), (S21_V4, Cipher.XXTEA), (S21_V5, Cipher.XXTEA)]
IN_CLEAR = [(S21PRO_V1, Cipher.NONE), (S21_V4, Cipher.NONE), (S21_V5, Cipher.NONE)]


@pytest.mark.parametrize(("layout", "cipher"), ENCIPHERED + IN_CLEAR)
def test_it_is_read_under_its_key(layout: Layout, cipher: Cipher) -> None:
    assert identity_of(board_of(layout, cipher), KEYS) == IDENTITY


def test_one_in_clear_needs_no_key() -> None:
    assert identity_of(encode_image(IDENTITY), NONE) == IDENTITY


@pytest.mark.parametrize(("layout", "cipher"), ENCIPHERED)
def test_without_a_key_it_is_locked_and_says_what_to_do(layout: Layout, cipher: Cipher) -> None:
    with pytest.raises(EepromLocked, match=r"enciphered.*no key.*name it in the bench file, section eeprom"):
        identity_of(board_of(layout, cipher), NONE)


@pytest.mark.parametrize(("layout", "cipher"), ENCIPHERED)
@settings(max_examples=40)
@given(st.binary(min_size=64, max_size=64))
def test_a_wrong_key_is_found(layout: Layout, cipher: Cipher, noise: bytes) -> None:
    wrong = EepromKeys({1: noise[:16]}, (noise[16:48], noise[48:]))
    for tested in (False, True):
        with pytest.raises((EepromLocked, EepromDamaged)):
            identity_of(board_of(layout, cipher, tested=tested), wrong)


def test_a_wrong_key_has_words_of_its_own() -> None:
    wrong = EepromKeys(aes=(bytes(32), bytes(16)))
    with pytest.raises(EepromLocked) as locked:
        identity_of(board_of(S21PRO_V1, Cipher.AES, tested=True), wrong)
    told = str(locked.value)
    assert "not the right key; expected the key it was enciphered with. Try a board that was read" in told


def spoilt(image: bytes, place: int) -> bytes:
    return image[:place] + bytes([image[place] ^ 0x10]) + image[place + 1 :]


@pytest.mark.parametrize("place", [0x10, 0x40, 0x5F])
def test_damage_under_the_right_aes_key_is_the_boards(place: int) -> None:
    """A block of 16 is lost and the rest still reads."""
    with pytest.raises(EepromDamaged, match="region board: found checksum"):
        identity_of(spoilt(board_of(S21PRO_V1, Cipher.AES), place), KEYS)


def test_damage_under_xxtea_is_the_boards_when_another_region_opens() -> None:
    """XXTEA leaves nothing of a damaged region: only the other one proves the key."""
    with pytest.raises(EepromDamaged, match="region board"):
        identity_of(spoilt(board_of(S21_V5, Cipher.XXTEA, tested=True), 0x20), KEYS)
    with pytest.raises(EepromLocked, match="damaged, or not the right key"):
        identity_of(spoilt(board_of(S21_V5, Cipher.XXTEA), 0x20), KEYS)


@pytest.mark.parametrize("keys", [KEYS, NONE])
def test_damage_in_clear_is_no_cipher(keys: EepromKeys) -> None:
    with pytest.raises(EepromDamaged, match="PT1 record: found checksum"):
        identity_of(spoilt(encode_image(IDENTITY), 0x5F), keys)
    with pytest.raises(EepromDamaged, match="never written"):
        identity_of(bytes([0xFF]) * 256, keys)


def test_a_layout_whose_result_lies_beside_the_identity_is_not_taken() -> None:
    with pytest.raises(EepromDamaged, match="found layout version 17"):
        identity_of(board_of(S19_FORMAT_3, Cipher.XXTEA), KEYS)


def test_a_region_of_the_board_that_was_never_written() -> None:
    image = bytearray(board_of(S21_V5, Cipher.XXTEA))
    image[2:0x62] = bytes([0xFF]) * 0x60
    with pytest.raises(EepromDamaged, match="never written"):
        identity_of(bytes(image), KEYS)


@given(st.binary(min_size=256, max_size=256), st.sampled_from([b"\1", b"\4\x11", b"\5\x11", b"\5\0"]))
def test_any_bytes_give_an_identity_or_a_typed_refusal(data: bytes, first: bytes) -> None:
    for keys in (KEYS, NONE):
        try:
            found = identity_of(first + data[len(first) :], keys)
        except (EepromDamaged, EepromLocked):
            continue
        assert isinstance(found.serial, str)


def test_what_is_in_clear_but_no_text_is_damage() -> None:
    image = decode(board_of(S21_V5, Cipher.NONE))
    board = image.regions[0]
    odd = replace(board, values={**board.values, "chip_die": b"\1\2\3"})
    with pytest.raises(EepromDamaged, match="chip_die: found the bytes 010203"):
        identity_of(encode(replace(image, regions=(odd, *image.regions[1:]))), NONE)
