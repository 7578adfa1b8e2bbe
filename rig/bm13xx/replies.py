"""Chip to host: the decoder that turns a chain's byte stream into blocks of replies.

One frame is the business of ``replyframes``, a block of nonces of ``nonces``; both are offered
here too, so that a reader of replies imports one module.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from rig.bm13xx.framing import Fit, Fitted
from rig.bm13xx.models import ChipModel
from rig.bm13xx.nonces import Nonces, columns, counters, encode_nonces, excess_byte
from rig.bm13xx.replyframes import (
    LONG,
    PREAMBLE,
    SHORT,
    RegisterReply,
    ReplyType,
    encode_register,
    fit,
    fits_short,
    is_nonce,
    lengthened,
    register_reply,
    sound,
    sound_rows,
)

__all__ = [
    "LONG", "LONGEST_PIECE", "SHORT", "Nonces", "RegisterReply", "ReplyBlock", "ReplyDecoder", "ReplyForm",
    "ReplyType", "columns", "counters", "encode_nonces", "encode_register", "excess_byte",
]

LONGEST_PIECE = 64 * LONG
_FIRST_BLOCK = 4096                  # frames the fast path looks at before it looks at more
_NONCE_TYPE = ReplyType.NONCE << 5
_TRUST = 8                           # sound frames in a row before the fast path is worth trying again

Bytes = npt.NDArray[np.uint8]


class ReplyForm(Enum):
    """Which lengths a decoder expects."""

    LONG = "11-byte replies only"
    AUTO = "11-byte replies, and 9-byte ones as chips fresh out of reset send them"


@dataclass(frozen=True, slots=True, eq=False)
class ReplyBlock:
    """What one feed completed.

    ``nonces`` are whole 11-byte frames with a sound CRC, (n, 11) uint8, in order of arrival.
    ``bad_crc`` counts frames refused for their checksum, ``skipped`` all bytes that belonged to no
    sound frame, theirs included. ``damaged`` are those bytes, one piece for each place in the
    stream where sound frames do not follow each other; a piece comes once a sound frame has ended
    it, or when it has grown to ``LONGEST_PIECE`` bytes.
    """

    nonces: Bytes
    registers: tuple[RegisterReply, ...]
    bad_crc: int
    skipped: int
    damaged: tuple[bytes, ...] = ()


class ReplyDecoder:
    """Turns a chain's byte stream into blocks; fed in pieces of any size.

    Aligned frames are decoded as arrays; anything else is resynchronised byte by byte at the next
    preamble with a sound checksum. Holds at most ten bytes and one damaged piece between feeds.
    """

    def __init__(self, model: ChipModel, form: ReplyForm = ReplyForm.AUTO) -> None:
        self.model = model
        self._form = form
        self._seen_long = False
        self._seen_short = False
        self._tail = b""
        self._piece = bytearray()

    def feed(self, data: bytes) -> ReplyBlock:
        """Take the next bytes; returns what they complete."""
        buffer = self._tail + data
        found = _Found()
        at = 0
        while True:
            at = self._aligned(buffer, at, found)
            at, in_step = self._resynchronise(buffer, at, found)
            if not in_step:
                break
        self._tail = buffer[at:]
        return found.block()

    def _aligned(self, buffer: bytes, at: int, found: _Found) -> int:
        """Take sound 11-byte frames that follow each other from ``at`` on; returns where they end."""
        block = _FIRST_BLOCK
        while count := min(block, (len(buffer) - at) // LONG):
            rows = np.frombuffer(buffer, np.uint8, count * LONG, at).reshape(count, LONG)
            good = sound_rows(rows)
            run = count if good.all() else int(np.argmin(good))
            if run:
                self._end_piece(found)
                self._seen_long, self._seen_short = True, False
                found.add_rows(rows[:run])
                at += run * LONG
            if run < count:
                break
            block *= 8
        return at

    def _resynchronise(self, buffer: bytes, at: int, found: _Found) -> tuple[int, bool]:
        """Go on from ``at``, frame by frame, until the stream looks aligned again.

        Returns how far it got, and whether it stopped for that; if not, the bytes ran out.
        """
        in_a_row = 0
        while True:
            start = buffer.find(PREAMBLE, at)
            if start < 0:
                start = max(at, len(buffer) - buffer.endswith(PREAMBLE[:1]))
                self._skip(buffer[at:start], found)
                return start, False
            if start > at:
                self._skip(buffer[at:start], found)
                in_a_row = 0
            at = start
            result, size = self._fit(buffer, at)
            if result is Fit.PARTIAL:
                return at, False
            if result is Fit.GOOD:
                self._end_piece(found)
                self._seen_long, self._seen_short = size == LONG, size == SHORT
                found.add_frame(buffer[at:at + size])
                at += size
                in_a_row = in_a_row + 1 if size == LONG else 0
                if in_a_row == _TRUST:
                    return at, True
                continue
            found.bad_crc += 1
            self._skip(buffer[at:at + 1], found)
            in_a_row = 0
            at += 1

    def _skip(self, data: bytes, found: _Found) -> None:
        found.skipped += len(data)
        self._piece += data
        while len(self._piece) >= LONGEST_PIECE:
            found.damaged.append(bytes(self._piece[:LONGEST_PIECE]))
            del self._piece[:LONGEST_PIECE]

    def _end_piece(self, found: _Found) -> None:
        if self._piece:
            found.damaged.append(bytes(self._piece))
            self._piece.clear()

    def _fit(self, buffer: bytes, at: int) -> Fitted:
        if self._form is ReplyForm.LONG:
            whole = len(buffer) - at >= LONG
            good = whole and sound(buffer[at + 2:at + LONG], with_nonces=True)
            return Fitted(Fit.GOOD if good else Fit.BAD_CRC if whole else Fit.PARTIAL, LONG)
        # The last bytes at hand may be a whole 9-byte reply or the head of an 11-byte one. An
        # 11-byte register reply has 00 at byte 8, so a nonzero one decides while no form is known.
        if len(buffer) - at == SHORT and not self._seen_long and fits_short(buffer, at):
            return Fitted(Fit.GOOD if self._seen_short or buffer[at + 8] else Fit.PARTIAL, SHORT)
        return fit(buffer, at, short_nonces=not self._seen_long)


class _Found:
    """What a feed has completed so far."""

    def __init__(self) -> None:
        self.bad_crc = 0
        self.skipped = 0
        self.damaged: list[bytes] = []
        self._nonces: list[Bytes] = []
        self._registers: list[RegisterReply] = []

    def add_rows(self, rows: Bytes) -> None:
        nonces = rows[:, 10] >= _NONCE_TYPE
        if nonces.all():
            self._nonces.append(rows)
            return
        self._nonces.append(rows[nonces])
        self._registers += [register_reply(row.tobytes()) for row in rows[~nonces]]

    def add_frame(self, frame: bytes) -> None:
        if not is_nonce(frame):
            self._registers.append(register_reply(frame))
            return
        whole = frame if len(frame) == LONG else lengthened(frame)
        self._nonces.append(np.frombuffer(whole, np.uint8).reshape(1, LONG))

    def block(self) -> ReplyBlock:
        if len(self._nonces) == 1:
            nonces = self._nonces[0]
        else:
            nonces = np.concatenate(self._nonces) if self._nonces else np.empty((0, LONG), np.uint8)
        return ReplyBlock(nonces, tuple(self._registers), self.bad_crc, self.skipped, tuple(self.damaged))
