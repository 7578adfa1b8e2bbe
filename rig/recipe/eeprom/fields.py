"""Fields of a region: bytes to values and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

Value = str | int | float | bytes | tuple[int, ...]


class Form(Enum):
    """How a field's bytes are read."""

    TEXT = "text"           # ASCII, zero padded; bytes that are none stay bytes
    LITTLE = "little"
    BIG = "big"
    SIGNED = "signed"       # one byte
    BYTES = "bytes"         # of unknown use, kept as they are
    NUMBERS = "numbers"     # a byte each
    NIBBLES = "nibbles"     # two numbers a byte, the low one first


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its place in the region and width in bytes; its whole number is divided by ``per``."""

    name: str
    at: int
    width: int
    form: Form = Form.LITTLE
    per: int = 1

    def read(self, region: bytes) -> Value:
        """The field's value in a deciphered region."""
        data = region[self.at : self.at + self.width]
        if self.form is Form.TEXT:
            return _text(data)
        if self.form is Form.BYTES:
            return data
        if self.form is Form.NUMBERS:
            return tuple(data)
        if self.form is Form.NIBBLES:
            return tuple(half for byte in data for half in (byte & 15, byte >> 4))
        order: Literal["big", "little"] = "big" if self.form is Form.BIG else "little"
        whole = int.from_bytes(data, order, signed=self.form is Form.SIGNED)
        return whole if self.per == 1 else whole / self.per

    def write(self, region: bytearray, values: Mapping[str, Value]) -> None:
        """Put the field's value in its place. Raises ValueError when it does not fit."""
        region[self.at : self.at + self.width] = self._bytes(values.get(self.name))

    def _bytes(self, value: Value | None) -> bytes:
        data: bytes | None = None
        if isinstance(value, bytes) and self.form in (Form.TEXT, Form.BYTES):
            data = value
        elif isinstance(value, str) and self.form is Form.TEXT and value.isascii():
            data = value.encode("ascii").ljust(self.width, b"\0")
        elif isinstance(value, tuple) and self.form in (Form.NUMBERS, Form.NIBBLES):
            data = self._numbers(value)
        elif isinstance(value, (int, float)) and self.form in (Form.LITTLE, Form.BIG, Form.SIGNED):
            data = self._number(value)
        if data is None or len(data) != self.width:
            expected = f"{self.width} bytes as {self.form.value}"
            raise ValueError(f"{self.name}: found {value!r}, expected {expected}")
        return data

    def _numbers(self, values: tuple[int, ...]) -> bytes | None:
        most = 15 if self.form is Form.NIBBLES else 255
        if not all(0 <= value <= most for value in values):
            return None
        if self.form is Form.NUMBERS:
            return bytes(values)
        return bytes(low | high << 4 for low, high in zip(values[::2], values[1::2], strict=False))

    def _number(self, value: float) -> bytes | None:
        order: Literal["big", "little"] = "big" if self.form is Form.BIG else "little"
        try:
            return round(value * self.per).to_bytes(self.width, order, signed=self.form is Form.SIGNED)
        except (OverflowError, ValueError):
            return None


def _text(data: bytes) -> Value:
    text = data.rstrip(b"\0")
    printable = all(0x20 <= byte < 0x7F for byte in text)
    return text.decode("ascii") if printable else data
