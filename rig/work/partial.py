"""A half-made pack: finished units are kept as they come, so that mining can go on after a stop."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from rig.errors import FileError
from rig.work.mine import Found, Order

_UNIT = struct.Struct("<HH")
_CHECKSUM = struct.Struct("<I")
_ANSWER_BYTES = 7                    # word u32, version bits u16, zero bits u8


class PartialPack:
    """The file of finished units of one order; a context manager.

    First line: the order's digest. Then records of one size: job, chip, the answers' three
    columns, CRC-32. What follows the last whole record (a torn write) is cut off on opening.
    Raises FileError when the file belongs to another order.
    """

    def __init__(self, path: Path, order: Order) -> None:
        self.path = path
        self.found: dict[tuple[int, int], Found] = {}
        self._count = order.answers_per_chip
        first_line = f"rig pack mine, order {order.digest}\n".encode()
        size = _UNIT.size + self._count * _ANSWER_BYTES + _CHECKSUM.size
        data = path.read_bytes() if path.exists() else b""
        if data and not data.startswith(first_line):
            expected = "this order's: delete the file, or repeat the order it is of"
            raise FileError(path, "", "another order's work", expected)
        end = len(first_line)
        while (record := self._read(data[end:end + size], size)) is not None:
            unit, found = record
            self.found[unit] = found
            end += size
        self._file = path.open("r+b" if data else "w+b")
        self._file.truncate(end if data else 0)
        self._file.seek(0, 2)
        if not data:
            self._file.write(first_line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, unit: tuple[int, int], found: Found) -> None:
        """Keep a finished unit."""
        columns = (found.word.astype("<u4"), found.version_bits.astype("<u2"), found.zero_bits)
        body = _UNIT.pack(*unit) + b"".join(column.tobytes() for column in columns)
        self._file.write(body + _CHECKSUM.pack(zlib.crc32(body)))
        self._file.flush()
        self.found[unit] = found

    def _read(self, record: bytes, size: int) -> tuple[tuple[int, int], Found] | None:
        if len(record) < size:
            return None
        body = record[:-_CHECKSUM.size]
        if _CHECKSUM.unpack(record[-_CHECKSUM.size:])[0] != zlib.crc32(body):
            return None
        n, at = self._count, _UNIT.size
        job, chip = _UNIT.unpack_from(body)
        return (job, chip), Found(
            np.frombuffer(body, "<u4", n, at).astype(np.uint32),
            np.frombuffer(body, "<u2", n, at + 4 * n).astype(np.uint16),
            np.frombuffer(body, np.uint8, n, at + 6 * n),
        )
