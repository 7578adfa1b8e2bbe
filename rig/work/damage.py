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
from rig.bm13xx.replyframes import PREAMBLE, ReplyType

Index = npt.NDArray[np.intp]
Words = npt.NDArray[np.uint32]

_WORD_BITS = 32
_LONGEST_PIECE = 6 * LONG           # longer ones are noise: to look for answers in it would hold up the wire


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
        if len(piece) > _LONGEST_PIECE:
            return Named([], extent(piece).frames)
        rows = []
        at = 0
        while at + LONG - 1 <= len(piece):
            row, size = self._row(piece[at:at + LONG])
            if row is not None:
                rows.append(row)
                if size == LONG and not _ends(piece, at):
                    size = LONG - 1         # it was its last byte that is missing
            at += size
        return Named(rows, max(0, extent(piece).frames - len(rows)))

    def _row(self, frame: bytes) -> tuple[int | None, int]:
        """The answer of which these 10 or 11 bytes hold at least five of six bytes in place.

        With it the bytes its reply takes; without one, a byte to go on by.
        """
        size = LONG
        for wanted in _readings(frame):
            rows = {row for row, key in self._like(wanted) if _differ_in_one_byte(key ^ wanted)}
            if len(rows) == 1:
                return rows.pop(), size
            size = LONG - 1
        return None, 1

    def _like(self, wanted: int) -> Iterator[tuple[int, int]]:
        """Rows and keys that share the version bits or the whole word of ``wanted``."""
        version = wanted >> _WORD_BITS << _WORD_BITS
        bounds = np.array((version, version + (1 << _WORD_BITS)), dtype=np.uint64)
        first, end = np.searchsorted(self._keys, bounds).tolist()
        yield from enumerate(self._keys[first:end].tolist(), first)
        word = wanted - version
        first, end = np.searchsorted(self._words, np.array((word, word + 1), dtype=np.uint64)).tolist()
        if end > first:
            rows = self._by_word[first:end]
            yield from zip(rows.tolist(), self._keys[rows].tolist(), strict=True)


def _ends(piece: bytes, at: int) -> bool:
    """Whether a reply from ``at`` on seems to have its eleventh byte: a nonce's, or a preamble follows."""
    last, after = piece[at + LONG - 1:at + LONG], piece[at + LONG:at + LONG + len(PREAMBLE)]
    return after == PREAMBLE or (last != b"" and last[0] >> 5 == ReplyType.NONCE)


def _differ_in_one_byte(bits: int) -> bool:
    """Whether all set bits stand in one byte; also when none is."""
    return not bits or (bits.bit_length() - 1) // 8 == ((bits & -bits).bit_length() - 1) // 8


def _readings(frame: bytes) -> Iterator[int]:
    """Keys as the frame has them, if none of its bytes, or any one, is missing.

    A byte that is missing is read as 0: it may agree by chance, and need not.
    """
    word, version = frame[2:6], frame[7:9]
    yield _key(frame[8:10], word)                       # whole, or the last byte is missing
    yield _key(version, word)                           # of what stands between the two
    yield _key(version, frame[1:5])                     # of the preamble
    for lost in range(2, 6):
        yield _key(version, frame[2:lost] + b"\0" + frame[lost:5])
    yield _key(b"\0" + frame[8:9], word)
    yield _key(frame[8:9] + b"\0", word)


def _key(version: bytes, word: bytes) -> int:
    return int.from_bytes(version + word)
