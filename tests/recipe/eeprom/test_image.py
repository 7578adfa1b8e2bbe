"""Images of all layouts: real dumps as far as they go without a key, our own under our own keys."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rig.bm13xx.crc import crc5 as chain_crc5
from rig.eepromkeys import EepromKeys
from rig.recipe.eeprom import LAYOUTS, Image, Layout, Region, RegionState, decode, encode
from rig.recipe.eeprom.fields import Field, Form, Value
from rig.recipe.eeprom.layouts import S19_FORMAT_2, S19_FORMAT_3, S21_V5, S21PRO_V1, Cipher, crc5
from rig.recipe.eeprom_layout import SIZE, BoardIdentity, EepromDamaged, encode_image
from rig.recipe.eeprom_result import PT2_SIZE, PT2_START, WorkResult, encode_pt2

KEYS = EepromKeys({1: bytes(range(16)), 2: bytes(range(16, 32))}, (bytes(range(32)), bytes(16)))
WRONG_KEYS = EepromKeys({1: bytes(16)}, (bytes(32), bytes(16)))
IDENTITY = BoardIdentity(
    serial="SMTTYABCDE1234567", board_name="BHB68701", factory_job="JOB20260114-0001", chip_die="AB",
    chip_marking="BM1370BB-F2", ft_version="F1V02B3C1", chip_technology="N5", chip_bin=2, pcb_version=0x011E,
    bom_version=0x10, sensor_type=4, pt1_result=1, pt1_count=3,
)


def values_of(field: Field) -> st.SearchStrategy[Value]:
    if field.form is Form.TEXT:
        return st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=field.width)
    if field.form is Form.BYTES:
        return st.binary(min_size=field.width, max_size=field.width)
    if field.form in (Form.NUMBERS, Form.NIBBLES):
        count, most = (field.width, 255) if field.form is Form.NUMBERS else (2 * field.width, 15)
        return st.lists(st.integers(0, most), min_size=count, max_size=count).map(tuple)
    low, high = (-128, 127) if field.form is Form.SIGNED else (0, 256**field.width - 1)
    whole = st.integers(low, high)
    return whole if field.per == 1 else whole.map(lambda number: number / field.per)


@st.composite
def images(draw: st.DrawFn, layout: Layout | None = None) -> Image:
    """Sound ones, under a cipher of their layout or none."""
    layout = layout or draw(st.sampled_from(LAYOUTS))
    numbers = [0x11, 0x12] + [0x00] * (layout.keyed == 1)
    keyed = None if layout.keyed is None else draw(st.sampled_from(numbers))
    cipher = draw(st.sampled_from([Cipher.NONE, Cipher.AES])) if keyed is None else (
        Cipher.XXTEA if keyed else Cipher.NONE
    )
    regions = []
    for spec in layout.regions:
        values: Mapping[str, Value] = {field.name: draw(values_of(field)) for field in spec.fields}
        if layout.format is not None:
            values = {**values, "format": layout.format}
        regions.append(Region(spec.name, spec.start, RegionState.SOUND, b"", "", values))
    unused = bytes([0xFF]) * len(layout.unused())
    clear = {field.name: draw(values_of(field)) for field in layout.clear}
    return Image(layout, cipher, keyed, clear, tuple(regions), unused, 0x5A if layout.trailer else None, ())


def told(image: Image) -> tuple[object, ...]:
    """What an image holds, but for its regions' raw bytes and words."""
    regions = [(one.name, one.state, dict(one.values)) for one in image.regions]
    return image.layout, image.cipher, image.keyed, image.clear, regions, image.unused, image.trailer


@given(images())
def test_what_is_put_together_comes_apart_the_same(image: Image) -> None:
    found = decode(encode(image, KEYS), KEYS)
    assert told(found) == told(image)
    assert found.problems == ()


@given(st.binary(min_size=SIZE, max_size=SIZE))
@example(bytes(SIZE))
@example(bytes([0xFF]) * SIZE)
def test_any_256_bytes_give_a_report_or_a_typed_refusal(data: bytes) -> None:
    for first in (data[:2], b"\x11\x42", b"\x11\x4a", b"\x04\x11", b"\x05\x21", b"\x05\x01", b"\x01A"):
        image = first + data[2:]
        for keys in (None, KEYS):
            with contextlib.suppress(EepromDamaged):
                assert encode(decode(image, keys), keys) == image


@given(st.binary(max_size=600).filter(lambda data: len(data) != SIZE))
def test_another_number_of_bytes_is_refused(data: bytes) -> None:
    with pytest.raises(EepromDamaged, match=f"found {len(data)} bytes, expected 256"):
        decode(data)


@pytest.mark.parametrize("chain", [0, 1, 2])
def test_real_dumps_are_checked_as_far_as_they_go_without_a_key(chain: int, shared: Path) -> None:
    text = (shared / "cases" / f"s19pro_eeprom_60_57_chain{chain}.hex").read_text()
    found = decode(bytes.fromhex(text))
    assert (found.layout, found.cipher, found.problems) == (S19_FORMAT_3, Cipher.XXTEA, ())
    (board,) = found.regions
    assert (board.state, board.start, len(board.raw)) == (RegionState.ENCIPHERED, 2, 72)
    assert board.says == "enciphered, no key configured (XXTEA, key 1)"
    assert "damaged, or not the right key" in decode(bytes.fromhex(text), WRONG_KEYS).problems[0]


def sound(layout: Layout, cipher: Cipher = Cipher.XXTEA, keyed: int | None = 0x11) -> bytes:
    """An image with nothing but zeros in its fields."""
    def zero(field: Field) -> Value:
        if field.form is Form.TEXT:
            return ""
        if field.form is Form.BYTES:
            return bytes(field.width)
        if field.form in (Form.NUMBERS, Form.NIBBLES):
            return (0,) * (field.width * (1 if field.form is Form.NUMBERS else 2))
        return 0

    regions = tuple(
        Region(spec.name, spec.start, RegionState.SOUND, b"", "",
               {field.name: zero(field) for field in spec.fields} | {"format": layout.format or 0})
        for spec in layout.regions
    )
    unused = bytes([0xFF]) * len(layout.unused())
    return encode(Image(layout, cipher, keyed, {field.name: "" for field in layout.clear}, regions, unused,
                        0x5A if layout.trailer else None, ()), KEYS)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_each_flipped_bit_of_a_region_is_found(layout: Layout) -> None:
    cipher, keyed = (Cipher.AES, None) if layout.keyed is None else (Cipher.XXTEA, 0x11)
    image = sound(layout, cipher, keyed)
    assert decode(image, KEYS).problems == ()
    missed = 0
    for spec in layout.regions:
        for place in range(spec.start, spec.start + spec.size):
            spoilt = bytearray(image)
            spoilt[place] ^= 0x10
            missed += not decode(bytes(spoilt), KEYS).problems
    assert missed <= 12, "a five-bit checksum byte lets one change in 256 through"


@pytest.mark.parametrize(
    ("place", "byte", "says"),
    [(255, 0xFF, "found 0xFF as its last byte, expected 0x5A"), (200, 0, "found 1 bytes written where none")],
)
def test_what_stands_where_nothing_belongs_is_told(place: int, byte: int, says: str) -> None:
    image = bytearray(sound(S19_FORMAT_2))
    image[place] = byte
    assert says in decode(bytes(image), KEYS).problems[0]


def test_an_unknown_cipher_and_another_format_are_told() -> None:
    image = bytearray(sound(S21_V5))
    image[1] = 0x31
    found = decode(bytes(image), KEYS)
    assert found.regions[0].says == "enciphered by algorithm 3, which is not known"
    assert found.problems == ("found cipher number 3, expected 1 (XXTEA)",)
    other = decode(sound(S19_FORMAT_3), KEYS)
    (board,) = other.regions
    lying = replace(other, regions=(replace(board, values={**board.values, "format": 2}),))
    assert "found format 2, expected 3 by its length" in decode(encode(lying, KEYS), KEYS).problems[0]


def test_regions_never_written_are_no_fault_but_the_boards() -> None:
    image = bytearray(sound(S21_V5))
    image[0x62:0xFA] = bytes([0xFF]) * (0xFA - 0x62)
    found = decode(bytes(image), KEYS)
    assert [one.state.value for one in found.regions] == ["sound", "unwritten", "unwritten"]
    assert found.problems == ()
    image[2:0x62] = bytes([0xFF]) * 0x60
    assert decode(bytes(image)).problems == ("region board: never written, expected the board's identity",)


def test_what_the_product_writes_is_read() -> None:
    """The v1 layout in clear: the same fields as rig.recipe.eeprom_layout and eeprom_result give."""
    result = WorkResult(13.1, 590, 0.9991, (24, 61), passed=True, count=2)
    image = encode_image(IDENTITY)
    found = decode(image[:PT2_START] + encode_pt2(result) + image[PT2_START + PT2_SIZE :])
    board, work, sweep = found.regions
    assert (found.layout, found.cipher, found.problems) == (S21PRO_V1, Cipher.NONE, ())
    assert found.clear == {"board_name": IDENTITY.board_name}
    assert {name: getattr(IDENTITY, name) for name in board.values} == board.values
    assert work.values == {
        "volts": 13.1, "mhz": 590, "answer_share": 0.9991, "done_type": 0,
        "celsius_in": 24, "celsius_out": 61, "pt2_result": 1, "pt2_count": 2, "test_version": 0,
        "test_standard": 0, "unknown": bytes(2),
    }
    assert sweep.state is RegionState.UNWRITTEN


def test_a_v1_image_under_aes_needs_its_key() -> None:
    image = sound(S21PRO_V1, Cipher.AES, None)
    assert {one.says for one in decode(image).regions} == {"enciphered (or damaged), no key configured"}
    assert len(decode(image, WRONG_KEYS).problems) == 3


@given(st.binary(max_size=100))
def test_the_checksum_is_the_chains(data: bytes) -> None:
    assert crc5(data) == chain_crc5(data)


@pytest.mark.parametrize("value", [None, "é", "x" * 19, 5, b"", (1, 2)])
def test_what_does_not_fit_its_place_is_refused(value: Value | None) -> None:
    image = decode(encode_image(IDENTITY))
    board = image.regions[0]
    spoilt = replace(board, values={**board.values, "serial": value})
    with pytest.raises(ValueError, match="serial: found"):
        encode(replace(image, regions=(spoilt, *image.regions[1:])))


def test_without_its_key_nothing_is_enciphered() -> None:
    for layout, keyed, cipher in ((S21_V5, 0x11, Cipher.XXTEA), (S21PRO_V1, None, Cipher.AES)):
        image = decode(sound(layout, cipher, keyed), KEYS)
        with pytest.raises(ValueError, match="expected one to encipher it with"):
            encode(image)
