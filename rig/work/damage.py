"""Which known answers came in damaged replies: told by the bytes that are left of them.

A reply with one byte turned, or one byte missing, still holds five of the six bytes that make an
answer: nonce and version bits. In a job of fifty thousand answers those five name one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rig.bm13xx.replies import LONG

Index = npt.NDArray[np.intp]
Words = npt.NDArray[np.uint32]

_WORD_BYTES, _ENOUGH = 4, 5          # of a nonce; of nonce and version bits together


class Named(NamedTuple):
    """What a damaged piece was: rows of the answers it held, and frames that name none."""

    rows: list[int]
    unnamed: int


class Extent(NamedTuple):
    """How much a damaged piece is: frames, those of them with turned bytes only, bytes missing."""

    frames: int
    corrupt: int
    missing: int


def extent(piece: bytes) -> Extent:
    """What a piece between two sound frames stands for, if no byte was added.

    A frame with turned bits keeps its eleven bytes; so each byte short of whole frames is a lost one.
    """
    frames, missing = -(-len(piece) // LONG), -len(piece) % LONG
    return Extent(frames, max(0, frames - missing), missing)


class Namer:
    """Finds a job's answers by parts. ``keys``: (n,) rising, version bits above the 32-bit word."""

    def __init__(self, keys: npt.NDArray[np.uint64]) -> None:
        self._keys = keys
        words = (keys & np.uint64(0xFFFF_FFFF)).astype(np.uint32)
        self._by_word = np.argsort(words, kind="stable")
        self._words = words[self._by_word]

    def name(self, piece: bytes) -> Named:
        """The answers in the damaged bytes between two sound frames."""
        rows = []
        at = 0
        while at + LONG - 1 <= len(piece):
            row = self._row(piece[at:at + LONG])
            if row is None:
                at += 1
                continue
            rows.append(row)
            short = (len(piece) - at) % LONG == LONG - 1 or piece[at + LONG - 1:at + LONG + 1] == b"\xAA\x55"
            at += LONG - 1 if short else LONG
        return Named(rows, max(0, extent(piece).frames - len(rows)))

    def _row(self, frame: bytes) -> int | None:
        """The one answer of which these 10 or 11 bytes hold at least five of six bytes in place."""
        found = {row for word, version in _readings(frame) for row in self._rows(word, version)}
        return found.pop() if len(found) == 1 else None

    def _rows(self, word: bytes, version: bytes) -> Iterator[int]:
        wanted = word + version
        for row in {*self._with_word(int.from_bytes(word)), *self._with_version(int.from_bytes(version))}:
            key = int(self._keys[row])
            held = (key & 0xFFFF_FFFF).to_bytes(_WORD_BYTES) + (key >> 32).to_bytes(2)
            if sum(one == other for one, other in zip(held, wanted, strict=True)) >= _ENOUGH:
                yield row

    def _with_word(self, word: int) -> list[int]:
        first, end = np.searchsorted(self._words, np.array([word, word + 1], dtype=np.uint64))
        rows: list[int] = self._by_word[first:end].tolist()
        return rows

    def _with_version(self, version: int) -> range:
        bounds = np.array([version, version + 1], dtype=np.uint64) << np.uint64(32)
        first, end = np.searchsorted(self._keys, bounds)
        return range(int(first), int(end))


def _readings(frame: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Nonce and version bits as the frame has them, if none of its bytes, or any one, is missing.

    A byte that is missing is read as 0: it may agree by chance, and need not.
    """
    yield frame[2:6], frame[8:10]                       # whole, or the last byte is missing
    version = frame[7:9]
    yield frame[1:5], version                           # of the preamble
    yield frame[2:6], version                           # of what stands between the two
    for lost in range(2, 2 + _WORD_BYTES):
        yield frame[2:lost] + b"\0" + frame[lost:5], version
    yield frame[2:6], b"\0" + frame[8:9]
    yield frame[2:6], frame[8:9] + b"\0"
