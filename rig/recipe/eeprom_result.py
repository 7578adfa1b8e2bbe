"""The PT2 record of the "v1" EEPROM layout: how a board did under work, and how often it was asked.

Layout as rig.recipe.eeprom_layout; 16 bytes, little-endian, in clear (rig.recipe.eeprom has the others):

    0  2  volts, in 10 mV             7   2  degrees Celsius, signed: in and out
    2  2  MHz                         9   1  result (1: passed)
    4  2  share of answers, 0.01 %    10  1  count of tests
    6  1  done type                   11  4  test version, test standard, spare
                                      15  1  CRC-8
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from rig.recipe.eeprom_layout import UNWRITTEN, EepromDamaged, crc8

PT2_START, PT2_SIZE = 0x60, 16
PASSED, NOT_PASSED = 1, 0
MOST_COUNT = 0xFE                   # 0xFF is what a blank part reads
_FIELDS = struct.Struct("<HHHBbbBB4x")


@dataclass(frozen=True, slots=True)
class WorkResult:
    """How a board did under work.

    ``answer_share`` 0..1; ``celsius`` of its coolest sensor before power and its hottest at work.
    """

    volts: float
    mhz: float
    answer_share: float
    celsius: tuple[int, int]
    passed: bool
    count: int


def encode_pt2(result: WorkResult) -> bytes:
    """The 16-byte record. Raises ValueError when a number does not fit its place."""
    try:
        fields = _FIELDS.pack(
            round(result.volts * 100), round(result.mhz), round(result.answer_share * 10_000), 0,
            *result.celsius, PASSED if result.passed else NOT_PASSED, result.count,
        )
    except struct.error as error:
        raise ValueError(f"{result}: found a number too large for the PT2 record ({error})") from error
    return fields + bytes([crc8(fields)])


def decode_pt2(record: bytes) -> WorkResult | None:
    """What the 16-byte record says; None when none was ever written. Raises EepromDamaged."""
    if len(record) != PT2_SIZE:
        raise EepromDamaged(f"PT2 record: found {len(record)} bytes, expected {PT2_SIZE}")
    if record == bytes([UNWRITTEN]) * PT2_SIZE:
        return None
    expected = crc8(record[:-1])
    if record[-1] != expected:
        raise EepromDamaged(f"PT2 record: found checksum 0x{record[-1]:02X}, expected 0x{expected:02X}")
    volts, mhz, share, _done, coolest, hottest, result, count = _FIELDS.unpack(record[:-1])
    return WorkResult(volts / 100, mhz, share / 10_000, (coolest, hottest), result == PASSED, count)
