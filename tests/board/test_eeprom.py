"""The EEPROM over the side channel: read whole, absent, damaged."""

from __future__ import annotations

from typing import Any

import pytest

from rig.board.eeprom import read_eeprom, read_image
from rig.recipe import Product
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
