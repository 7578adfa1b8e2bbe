"""The bytes of a ``*.kap`` file; the page docs/packs.md says the same in words.

magic 8 · format version u16 · header length u32 · header JSON · templates, 80 bytes a job ·
columns length u32 · columns (zlib) · SHA-256 of everything before, 32 bytes. Integers are
little-endian. A column is a plane of one byte an answer.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import Field

from rig.datafile import Data, check
from rig.errors import FileError

MAGIC = b"rigpack\n"
VERSION = 1
HEADER_BYTES = 80
_START = struct.Struct("<8sHI")
_LENGTH = struct.Struct("<I")
_CHECKSUM_BYTES = 32
# version step (2 bytes), chip, core, position in the chip's window (3 bytes), zero bits
PLANES = 8
NAME_PATTERN = r"^[A-Za-z0-9._-]{1,60}$"
_MOST_ANSWERS = 50_000_000

Bytes2d = npt.NDArray[np.uint8]


class PackHeader(Data):
    """What a pack says about itself, as JSON in the file."""

    name: str = Field(pattern=NAME_PATTERN)
    origin: str                                 # how it was made, for records and people
    chip: str
    chips: int = Field(ge=1, le=256)
    address_interval: int = Field(ge=1)
    sweep_length: int = Field(ge=1, le=0xFFFF)
    window_counts: int = Field(ge=1, le=1 << 24)
    required_zero_bits: int = Field(ge=1, le=255)
    answers: tuple[int, ...] = Field(min_length=1, max_length=0xFFFF)   # of each job


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The answers as the file orders them: by job, then version bits, then word."""

    version_bits: npt.NDArray[np.uint16]
    chip: npt.NDArray[np.uint8]
    core: npt.NDArray[np.uint8]
    position: npt.NDArray[np.uint32]            # counts past the start of the chip's slice
    zero_bits: npt.NDArray[np.uint8]


def encode(header: PackHeader, templates: Bytes2d, columns: Columns) -> bytes:
    """A whole file. The columns must be in the file's order."""
    start = first_rows(header.answers)[:-1]
    steps = columns.version_bits.astype(np.int64)
    steps[1:] -= columns.version_bits[:-1]
    steps[start] = columns.version_bits[start]
    planes = np.empty((PLANES, len(steps)), dtype=np.uint8)
    planes[0], planes[1] = steps & 0xFF, steps >> 8
    planes[2], planes[3] = columns.chip, columns.core
    for byte in range(3):
        planes[4 + byte] = columns.position >> 8 * byte & 0xFF
    planes[7] = columns.zero_bits
    text = json.dumps(header.model_dump(), sort_keys=True).encode()
    packed = zlib.compress(planes.tobytes(), 9)
    body = b"".join((
        _START.pack(MAGIC, VERSION, len(text)), text, templates.tobytes(),
        _LENGTH.pack(len(packed)), packed,
    ))
    return body + hashlib.sha256(body).digest()


def decode(data: bytes, file: Path) -> tuple[PackHeader, Bytes2d, Columns]:
    """Take a file apart. Raises FileError for anything that is not a whole, sound pack."""
    header, at = _read_header(data, file)
    jobs, rows = len(header.answers), sum(header.answers)
    if min(header.answers) < 1 or rows > _MOST_ANSWERS:
        raise FileError(file, "answers", f"{rows} in {jobs} jobs", f"some in each, at most {_MOST_ANSWERS}")
    end = len(data) - _CHECKSUM_BYTES
    columns_at = at + jobs * HEADER_BYTES + _LENGTH.size
    if columns_at > end:
        raise FileError(file, "", f"{len(data)} bytes", f"at least {columns_at + _CHECKSUM_BYTES}: truncated")
    (length,) = _LENGTH.unpack_from(data, columns_at - _LENGTH.size)
    if columns_at + length != end:
        raise FileError(file, "", f"{end - columns_at} bytes of columns", f"{length}: truncated or damaged")
    templates = np.frombuffer(data, np.uint8, jobs * HEADER_BYTES, at).reshape(jobs, HEADER_BYTES)
    planes = _inflate(data[columns_at:end], PLANES * rows, file).reshape(PLANES, rows)
    return header, templates, _columns(header, planes)


def first_rows(answers: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """The row each job's answers start at, and the number of rows."""
    return np.concatenate(([0], np.cumsum(answers, dtype=np.int64)))


def _read_header(data: bytes, file: Path) -> tuple[PackHeader, int]:
    if data[: len(MAGIC)] != MAGIC:
        raise FileError(file, "", "no known-answer pack", f"a file that starts with {MAGIC!r}")
    least = _START.size + _CHECKSUM_BYTES
    if len(data) < least:
        raise FileError(file, "", f"{len(data)} bytes", f"at least {least}: truncated")
    _, version, length = _START.unpack_from(data)
    if version != VERSION:
        raise FileError(file, "format version", str(version), f"{VERSION}: make the pack again")
    if hashlib.sha256(data[:-_CHECKSUM_BYTES]).digest() != data[-_CHECKSUM_BYTES:]:
        raise FileError(file, "", "a wrong checksum", "the SHA-256 at its end: truncated or tampered with")
    at = _START.size + length
    try:
        values = json.loads(data[_START.size:at])
    except ValueError as error:
        raise FileError(file, "header", f"no JSON ({error})", "the pack's header") from error
    return check(file, _tuples(values), PackHeader), at


def _tuples(values: object) -> object:
    """JSON has no tuples: the list of answer counts becomes one."""
    if isinstance(values, dict) and isinstance(values.get("answers"), list):
        return values | {"answers": tuple(values["answers"])}
    return values


def _inflate(packed: bytes, length: int, file: Path) -> npt.NDArray[np.uint8]:
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(packed, length + 1)
    except zlib.error as error:
        raise FileError(file, "columns", f"damaged data ({error})", "a zlib stream") from error
    if len(plain) != length or not inflater.eof or inflater.unused_data:
        raise FileError(file, "columns", f"{len(plain)} bytes or more", f"{length}")
    return np.frombuffer(plain, np.uint8)


def _columns(header: PackHeader, planes: Bytes2d) -> Columns:
    rows = first_rows(header.answers)
    sums = np.cumsum(planes[0].astype(np.int64) | planes[1].astype(np.int64) << 8)
    before = np.where(rows[:-1] > 0, sums[rows[:-1] - 1], 0)     # each job's steps start at 0 again
    version_bits = sums - np.repeat(before, header.answers)
    position = planes[4].astype(np.uint32) | planes[5].astype(np.uint32) << 8
    position |= planes[6].astype(np.uint32) << 16
    # a sum beyond 16 bits would wrap and break the order, which the reader checks
    return Columns(version_bits.astype(np.uint16), planes[2], planes[3], position, planes[7])
