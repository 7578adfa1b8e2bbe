"""The layouts boards carry: S19 family (format 2 and 3), S21 (v4 and v5), S21 Pro class ("v1").

From public dumps, logs and the decompilation of the incumbent's fixture program as gathered in
HashSource's repositories (hashsource_antminer_x19, hashsource_antminer_S21x, bitmain_antminer_binaries).
S19: the checksum was matched on public dumps. S21: fields matched with logs. v1: read from the program alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from rig.recipe.eeprom.fields import Field, Form
from rig.recipe.eeprom_layout import SIZE, crc8

TRAILER = 0x5A
XXTEA_NUMBER = 1            # the high nibble; 0 is taken for "in clear"
CRC5_POLYNOMIAL, CRC5_START = 0x05, 0x1F


class Cipher(Enum):
    """What an image's regions are under. XXTEA and none are told by its high nibble, AES by nothing."""

    NONE = "none"
    XXTEA = "XXTEA"
    AES = "AES-256-CBC"


def crc5(data: bytes) -> int:
    """CRC-5 of the S19 and S21 layouts: polynomial 0x05, start 0x1F, most significant bit first."""
    crc = CRC5_START
    for byte in data:
        for bit in range(7, -1, -1):
            out = (crc >> 4) ^ (byte >> bit & 1)
            crc = (crc << 1 & 0x1F) ^ (CRC5_POLYNOMIAL if out else 0)
    return crc


@dataclass(frozen=True, slots=True)
class RegionSpec:
    """One region, enciphered by itself; its last byte is the checksum of ``header`` bytes and the rest."""

    name: str
    start: int
    size: int
    fields: tuple[Field, ...]
    header: int = 0             # so many bytes of the image's beginning are under the checksum too
    checksum: Callable[[bytes], int] = crc5

    def checked(self, head: bytes, plain: bytes) -> int:
        """The checksum over ``head``, the image's first bytes, and a deciphered region."""
        return self.checksum(head[: self.header] + plain[:-1])

    def reads(self, plain: bytes) -> bool:
        """Whether texts in a deciphered region are text, two bytes of three at least.

        Of noise, which a wrong key makes, three of eight are. False for a region without texts.
        """
        texts = b"".join(plain[one.at : one.at + one.width] for one in self.fields if one.form is Form.TEXT)
        good = sum(byte == 0 or 0x20 <= byte < 0x7F for byte in texts)
        return bool(texts) and 3 * good >= 2 * len(texts)


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to fill 256 bytes.

    ``first``, ``length``: what the image's first two bytes are, where they do not hold cipher and key
    number (``keyed``: the byte that does). ``format``: what the board's region says again. ``clear``: fields
    that are never enciphered. ``trailer``: the last byte is 0x5A, and bytes without use are 0xFF.
    """

    name: str
    regions: tuple[RegionSpec, ...]
    first: int | None = None
    length: int | None = None
    format: int | None = None
    keyed: int | None = None
    clear: tuple[Field, ...] = ()
    trailer: bool = False

    def fits(self, image: bytes) -> bool:
        """Whether an image's first bytes are this layout's."""
        if self.length is not None:
            return image[1] == self.length and image[0] >> 4 == XXTEA_NUMBER
        return image[0] == self.first

    def unused(self) -> list[int]:
        """Places that nothing uses."""
        used = {0, 1} | ({SIZE - 1} if self.trailer else set())
        parts = [(spec.start, spec.size) for spec in self.regions]
        parts += [(field.at, field.width) for field in self.clear]
        for start, size in parts:
            used |= set(range(start, start + size))
        return [place for place in range(SIZE) if place not in used]


def _text(name: str, at: int, width: int) -> Field:
    return Field(name, at, width, Form.TEXT)


def _s19(ft_version: Field, rest: int, size: int) -> tuple[Field, ...]:
    return (
        Field("format", 0, 1), _text("serial", 1, 17), _text("chip_die", 18, 2),
        _text("chip_marking", 20, 13),
        Field("chip_bin", 33, 1), ft_version,
        Field("chip_sensor_type", rest, 1), Field("chip_sensor_addresses", rest + 1, 4, Form.NUMBERS),
        Field("pic_sensor", rest + 5, 1), Field("sensor_mask", rest + 6, 1),
        Field("pcb_version", rest + 7, 2, Form.BIG), Field("bom_version", rest + 9, 2, Form.BIG),
        _text("chip_technology", rest + 11, 2),
        Field("volts", rest + 13, 2, Form.BIG, 100), Field("mhz", rest + 15, 2, Form.BIG),
        Field("answer_share", rest + 17, 2, Form.BIG, 10_000),
        Field("celsius_in", rest + 19, 1, Form.SIGNED), Field("celsius_out", rest + 20, 1, Form.SIGNED),
        Field("test_version", rest + 21, 1), Field("test_standard", rest + 22, 1),
        Field("unknown", rest + 23, size - rest - 24, Form.BYTES),
    )


S19_FORMAT_2 = Layout(
    "S19 family, format 2", length=0x42, format=2, keyed=0, trailer=True,
    regions=(RegionSpec("board", 2, 64, _s19(Field("ft_version", 34, 4, Form.NUMBERS), 38, 64), header=2),),
)
S19_FORMAT_3 = Layout(
    "S19 family, format 3", length=0x4A, format=3, keyed=0, trailer=True,
    regions=(RegionSpec("board", 2, 72, _s19(_text("ft_version", 34, 9), 43, 72), header=2),),
)

_S21_BOARD = RegionSpec("board", 0x02, 96, (
    _text("serial", 0, 18), _text("chip_die", 0x12, 3), _text("chip_marking", 0x15, 14),
    Field("chip_bin", 0x23, 1), _text("ft_version", 0x24, 10), Field("pcb_version", 0x2E, 2),
    Field("bom_version", 0x30, 2), Field("chip_sensor_type", 0x32, 1),
    Field("chip_sensor_addresses", 0x33, 4, Form.NUMBERS), Field("pic_sensor_type", 0x37, 1),
    Field("pic_sensor_address", 0x38, 1), _text("chip_technology", 0x39, 3), _text("board_name", 0x3C, 9),
    _text("factory_job", 0x45, 24), Field("pt1_result", 0x5D, 1), Field("pt1_count", 0x5E, 1),
), header=2)
_S21_WORK = RegionSpec("work", 0x62, 16, (
    Field("volts", 0, 2, per=100), Field("mhz", 2, 2), Field("answer_share", 4, 2, per=10_000),
    Field("celsius_in", 6, 1, Form.SIGNED), Field("celsius_out", 7, 1, Form.SIGNED),
    Field("test_version", 8, 1), Field("test_standard", 9, 1), Field("pt2_result", 10, 1),
    Field("pt2_count", 11, 1), Field("unknown", 12, 3, Form.BYTES),
))
_S21_SWEEP = RegionSpec("sweep", 0x72, 136, (
    Field("sweep_rate", 0, 2), Field("base_mhz", 2, 2), Field("step_mhz", 4, 1),
    Field("chip_levels", 5, 128, Form.NUMBERS), Field("sweep_result", 133, 1),
    Field("unknown", 134, 1, Form.BYTES),
))
S21_V4 = Layout("S21, version 4", (_S21_BOARD, _S21_WORK), first=4, keyed=1)
S21_V5 = Layout("S21, version 5", (_S21_BOARD, _S21_WORK, _S21_SWEEP), first=5, keyed=1)

S21PRO_V1 = Layout(
    "S21 Pro class, version 1", first=1, clear=(_text("board_name", 1, 15),),
    regions=(
        RegionSpec("board", 0x10, 80, (
            _text("serial", 0, 18), _text("factory_job", 18, 24), _text("chip_die", 42, 3),
            _text("chip_marking", 45, 14), _text("ft_version", 59, 10), _text("chip_technology", 69, 3),
            Field("chip_bin", 72, 1), Field("pcb_version", 73, 2), Field("bom_version", 75, 1),
            Field("sensor_type", 76, 1), Field("pt1_result", 77, 1), Field("pt1_count", 78, 1),
        ), checksum=crc8),
        RegionSpec("work", 0x60, 16, (
            Field("volts", 0, 2, per=100), Field("mhz", 2, 2), Field("answer_share", 4, 2, per=10_000),
            Field("done_type", 6, 1), Field("celsius_in", 7, 1, Form.SIGNED),
            Field("celsius_out", 8, 1, Form.SIGNED), Field("pt2_result", 9, 1), Field("pt2_count", 10, 1),
            Field("test_version", 11, 1), Field("test_standard", 12, 1), Field("unknown", 13, 2, Form.BYTES),
        ), checksum=crc8),
        RegionSpec("sweep", 0x70, 144, (
            Field("volts", 0, 2, per=100), Field("sweep_rate", 2, 2), Field("base_mhz", 4, 2),
            Field("step_mhz", 6, 1), Field("chip_levels", 7, 128, Form.NIBBLES),
            Field("sweep_result", 135, 1), Field("sweep_count", 136, 1), Field("unknown", 137, 6, Form.BYTES),
        ), checksum=crc8),
    ),
)
LAYOUTS = (S19_FORMAT_2, S19_FORMAT_3, S21_V4, S21_V5, S21PRO_V1)
