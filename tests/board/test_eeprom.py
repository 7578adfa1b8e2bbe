"""The EEPROM over the side channel: read whole, absent, damaged; written page by page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rig.board.eeprom import read_eeprom, read_image, write_image
from rig.eepromkeys import EepromKeys
from rig.errors import NoAcknowledge
from rig.recipe import Product
from rig.recipe.eeprom import decode, encode
from rig.recipe.eeprom.layouts import Cipher
from rig.recipe.eeprom_layout import BoardIdentity, encode_image

IDENTITY = BoardIdentity(
    serial="SMTTYABCDE1234567", board_name="BHB68701", factory_job="JOB1", chip_die="AB",
    chip_marking="BM1370BB", ft_version="F1V02B3C1", chip_technology="N5", chip_bin=2, pcb_version=286,
    bom_version=16, sensor_type=4, pt1_result=1, pt1_count=3,
)


@pytest.fixture
def image(slot: Any) -> bytearray:
    """A part of 256 bytes at 0x50; changing the array changes the part."""
    held = bytearray(encode_image(IDENTITY))

    def part(data: bytes, count: int) -> bytes:
        assert count <= 32, "the side channel's transfers are short"
        return bytes(held[data[0] : data[0] + count])

    slot.side.devices[0x50] = part
    return held


def test_image_and_identity(slot: Any, product: Product, image: bytearray) -> None:
    reading = read_eeprom(slot, product)
    assert reading.image == bytes(image)
    assert reading.identity == IDENTITY
    assert reading.damage is None


def test_no_acknowledge_is_a_measurement(slot: Any, product: Product) -> None:
    assert read_image(slot, product) is None
    reading = read_eeprom(slot, product)
    assert (reading.image, reading.identity) == (None, None)
    assert "0x50" in (reading.damage or "")


def test_damage_keeps_the_image(slot: Any, product: Product, image: bytearray) -> None:
    image[0x20] ^= 0x10
    reading = read_eeprom(slot, product)
    assert reading.image == bytes(image)
    assert reading.identity is None
    assert "checksum" in (reading.damage or "")


def test_what_no_key_opens_is_told_apart_from_damage(slot: Any, product: Product, image: bytearray) -> None:
    keys = EepromKeys(aes=(bytes(range(32)), bytes(16)))
    image[:] = encode(replace(decode(bytes(image)), cipher=Cipher.AES), keys)

    slot.eeprom_keys = EepromKeys()
    reading = read_eeprom(slot, product)
    assert (reading.image, reading.identity, reading.locked) == (bytes(image), None, True)
    assert "no key configured" in (reading.damage or "")

    slot.eeprom_keys = keys
    assert read_eeprom(slot, product).identity == IDENTITY
    image[0x20] ^= 0x10
    damaged = read_eeprom(slot, product)
    assert (damaged.identity, damaged.locked) == (None, False)


@pytest.fixture
def writable(slot: Any, image: bytearray) -> list[int]:
    """The part takes pages of eight bytes, and is deaf while it writes one; the pages it was sent."""
    read, pages, busy = slot.side.devices[0x50], [], [0.0]

    def part(data: bytes, count: int) -> bytes:
        if slot.clock.now() < busy[0]:
            raise NoAcknowledge(0x50)
        if len(data) > 1:
            assert data[0] % 8 + len(data) - 1 <= 8, "a page write that runs over wraps round"
            image[data[0] : data[0] + len(data) - 1] = data[1:]
            pages.append(data[0])
            busy[0] = slot.clock.now() + 0.005
        return read(data[:1], count)

    slot.side.devices[0x50] = part
    return pages


def changed(image: bytearray) -> bytes:
    after = bytearray(image)
    after[0x60:0x70] = bytes(range(16))
    return bytes(after)


def test_only_the_pages_that_differ_are_written(
    slot: Any, product: Product, image: bytearray, writable: list[int]
) -> None:
    before, after = bytes(image), changed(image)
    reading = write_image(slot, product, before, after)
    assert (reading.image, reading.identity, reading.damage) == (after, IDENTITY, None)
    assert writable == [0x60, 0x68]
    assert write_image(slot, product, after, after).image == after
    assert len(writable) == 2


def test_a_part_that_keeps_something_else_is_damaged(slot: Any, product: Product, image: bytearray) -> None:
    slot.side.devices[0x50] = lambda data, count, read=slot.side.devices[0x50]: read(data[:1], count)
    reading = write_image(slot, product, bytes(image), changed(image))
    assert reading.identity is None
    assert reading.damage == "found 0xFF at 0x60 after writing 0x00, 16 bytes in all"


def test_a_part_that_falls_silent_has_no_image(
    slot: Any, product: Product, image: bytearray, writable: list[int]
) -> None:
    after = changed(image)
    del slot.side.devices[0x50]
    reading = write_image(slot, product, bytes(image), after)
    assert (reading.image, reading.identity) == (None, None)
    assert "while it was written" in (reading.damage or "")
