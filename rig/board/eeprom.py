"""Read and write the board's EEPROM over the side channel; what it means is rig.recipe.eeprom's."""

from __future__ import annotations

from dataclasses import dataclass

from rig.errors import NoAcknowledge
from rig.recipe import Product
from rig.recipe.eeprom.identity import EepromLocked, identity_of
from rig.recipe.eeprom_layout import SIZE, BoardIdentity, EepromDamaged
from rig.slot import Slot

CHUNK = 32                          # bytes a transfer: the side channel's packets are short

# AT24C02 class parts take a page at a time and are deaf while they write it, 5 ms at most.
PAGE = 8
WRITE_SECONDS = 0.006


@dataclass(frozen=True, slots=True)
class EepromReading:
    """What the EEPROM gave: no image (no answer), an image without identity (damaged), or both.

    ``locked``: it may as well be whole, but enciphered under a key that the slot has not.
    """

    image: bytes | None
    identity: BoardIdentity | None
    damage: str | None              # what was found and expected, when it could not be read
    locked: bool = False


def read_image(slot: Slot, product: Product) -> bytes | None:
    """All 256 bytes, None when the part does not acknowledge. Raises BridgeError."""
    try:
        return b"".join(
            slot.side.i2c_write_read(product.i2c.eeprom, bytes([start]), CHUNK)
            for start in range(0, SIZE, CHUNK)
        )
    except NoAcknowledge:
        return None


def read_eeprom(slot: Slot, product: Product) -> EepromReading:
    """The image and what it says, as far as the slot's keys go.

    An absent or damaged part is a measurement. Raises BridgeError.
    """
    image = read_image(slot, product)
    if image is None:
        address = product.i2c.eeprom
        return EepromReading(None, None, f"no acknowledge from the EEPROM at I2C address 0x{address:02X}")
    try:
        return EepromReading(image, identity_of(image, slot.eeprom_keys), None)
    except EepromDamaged as damage:
        return EepromReading(image, None, str(damage))
    except EepromLocked as locked:
        return EepromReading(image, None, str(locked), locked=True)


def write_image(slot: Slot, product: Product, before: bytes, after: bytes) -> EepromReading:
    """Write the pages in which ``after`` differs from ``before``, 256 bytes each; what is read back.

    A part that keeps other bytes than ``after`` is damaged, one that falls silent has no image.
    Raises BridgeError.
    """
    pages = [start for start in range(0, SIZE, PAGE)
             if before[start : start + PAGE] != after[start : start + PAGE]]
    try:
        for start in pages:
            slot.side.i2c_write(product.i2c.eeprom, bytes([start]) + after[start : start + PAGE])
            slot.clock.sleep(WRITE_SECONDS)
    except NoAcknowledge as silent:
        return EepromReading(None, None, f"{silent}, while it was written")
    reading = read_eeprom(slot, product)
    if reading.image is None or reading.image == after:
        return reading
    wrong = [at for at in range(SIZE) if reading.image[at] != after[at]]
    return EepromReading(
        reading.image, None,
        f"found 0x{reading.image[wrong[0]]:02X} at 0x{wrong[0]:02X} after writing 0x{after[wrong[0]]:02X}, "
        f"{len(wrong)} bytes in all",
    )
