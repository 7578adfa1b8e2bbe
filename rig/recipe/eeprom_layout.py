"""What stands in a board's EEPROM: the 256-byte "v1" layout of S21 Pro class boards, unenciphered.

Layout and field widths from HashSource/bitmain_antminer_binaries `S21pro/` (struct eeprom_v1, read
from the public decompilation of the incumbent's fixture program). Its records are enciphered with
keys that belong to the customer; without a key they stand here in clear.

    0x00  1    layout version (1)          0x60  16   PT2 record, unwritten: 0xFF
    0x01  15   board name                  0x70  144  sweep record, unwritten: 0xFF
    0x10  80   PT1 record
"""

from __future__ import annotations

from dataclasses import dataclass

SIZE = 256
VERSION = 1
NAME_BYTES = 15
PT1_START, PT1_SIZE = 0x10, 80
UNWRITTEN = 0xFF
CRC8_CONSTANT = 0x73 ^ 0xFF    # the source XORs 0x73 and inverts: the CRC-8 of Dallas and Maxim parts

# Offset in the PT1 record and width of each text, zero padded.
TEXTS = {
    "serial": (0, 18),
    "factory_job": (18, 24),
    "chip_die": (42, 3),
    "chip_marking": (45, 14),
    "ft_version": (59, 10),
    "chip_technology": (69, 3),
}
CHIP_BIN, PCB_VERSION, BOM_VERSION, SENSOR_TYPE, PT1_RESULT, PT1_COUNT, CRC = 72, 73, 75, 76, 77, 78, 79


class EepromDamaged(ValueError):
    """The bytes are no image of this layout; the message says what was found and expected."""


@dataclass(frozen=True, slots=True)
class BoardIdentity:
    """What the EEPROM says a board is. ``pt1_result`` is 1 when the board passed PT1."""

    serial: str
    board_name: str
    factory_job: str
    chip_die: str
    chip_marking: str
    ft_version: str
    chip_technology: str
    chip_bin: int
    pcb_version: int
    bom_version: int
    sensor_type: int
    pt1_result: int
    pt1_count: int


def crc8(data: bytes) -> int:
    """Checksum of a record: shift right, XOR 0x73 and invert when a set bit went out; start 0."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (CRC8_CONSTANT if crc & 1 else 0)
    return crc


def encode_pt1(identity: BoardIdentity) -> bytes:
    """The 80-byte PT1 record. Raises ValueError when a field does not fit its place."""
    record = bytearray(PT1_SIZE)
    for name, (start, width) in TEXTS.items():
        record[start : start + width] = _padded(name, getattr(identity, name), width)
    record[PCB_VERSION : PCB_VERSION + 2] = _number("pcb_version", identity.pcb_version, 2)
    for name, at in (
        ("chip_bin", CHIP_BIN),
        ("bom_version", BOM_VERSION),
        ("sensor_type", SENSOR_TYPE),
        ("pt1_result", PT1_RESULT),
        ("pt1_count", PT1_COUNT),
    ):
        record[at : at + 1] = _number(name, getattr(identity, name), 1)
    record[CRC] = crc8(bytes(record[:CRC]))
    return bytes(record)


def decode_pt1(record: bytes, board_name: str) -> BoardIdentity:
    """The identity in an 80-byte PT1 record. Raises EepromDamaged."""
    if len(record) != PT1_SIZE:
        raise EepromDamaged(f"PT1 record: found {len(record)} bytes, expected {PT1_SIZE}")
    expected = crc8(record[:CRC])
    if record[CRC] != expected:
        raise EepromDamaged(f"PT1 record: found checksum 0x{record[CRC]:02X}, expected 0x{expected:02X}")
    texts = {name: _text(name, record[at : at + width]) for name, (at, width) in TEXTS.items()}
    return BoardIdentity(
        **texts,
        board_name=board_name,
        chip_bin=record[CHIP_BIN],
        pcb_version=int.from_bytes(record[PCB_VERSION : PCB_VERSION + 2], "little"),
        bom_version=record[BOM_VERSION],
        sensor_type=record[SENSOR_TYPE],
        pt1_result=record[PT1_RESULT],
        pt1_count=record[PT1_COUNT],
    )


def encode_image(identity: BoardIdentity) -> bytes:
    """All 256 bytes of a board that passed no station after PT1. Raises ValueError."""
    image = bytearray([UNWRITTEN]) * SIZE
    image[0] = VERSION
    image[1 : 1 + NAME_BYTES] = _padded("board_name", identity.board_name, NAME_BYTES)
    image[PT1_START : PT1_START + PT1_SIZE] = encode_pt1(identity)
    return bytes(image)


def decode_image(image: bytes) -> BoardIdentity:
    """The identity in a 256-byte image. Raises EepromDamaged."""
    if len(image) != SIZE:
        raise EepromDamaged(f"EEPROM: found {len(image)} bytes, expected {SIZE}")
    if image[0] != VERSION:
        blank = " (never written)" if image == bytes([UNWRITTEN]) * SIZE else ""
        raise EepromDamaged(f"EEPROM: found layout version {image[0]}{blank}, expected {VERSION}")
    board_name = _text("board_name", image[1 : 1 + NAME_BYTES])
    return decode_pt1(image[PT1_START : PT1_START + PT1_SIZE], board_name)


def _padded(name: str, text: str, width: int) -> bytes:
    if not text.isascii() or (text and not text.isprintable()):
        raise ValueError(f"{name}: found {text!r}, expected printable ASCII")
    if len(text) > width:
        raise ValueError(f"{name}: found {len(text)} characters ({text}), expected at most {width}")
    return text.encode("ascii").ljust(width, b"\0")


def _number(name: str, value: int, width: int) -> bytes:
    if not 0 <= value < 1 << (8 * width):
        raise ValueError(f"{name}: found {value}, expected 0 to {(1 << (8 * width)) - 1}")
    return value.to_bytes(width, "little")


def _text(name: str, field: bytes) -> str:
    text = field.rstrip(b"\0").decode("latin-1")
    if not text.isascii() or (text and not text.isprintable()):
        raise EepromDamaged(f"{name}: found the bytes {field.hex()}, expected printable ASCII")
    return text
