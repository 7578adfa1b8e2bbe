"""Chip to host: register and nonce replies, decoded in blocks and encoded for the bench.

A reply is ``AA 55``, four bytes of value or nonce, two to four bytes more, and a last byte with the
type above a CRC. Replies are 11 bytes long once MIDSTATE_CONFIG has version rolling on, 9 before.
Source: 256foundation/mujina ``mujina-miner/src/asic/bm13xx/REFERENCE.md`` and ``protocol.rs``, on
captured frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

import numpy as np
import numpy.typing as npt

from rig.bm13xx.crc import crc5, crc5_ok_rows, reply_tail, reply_tail_rows
from rig.bm13xx.framing import Fit, Fitted
from rig.bm13xx.models import MODELS, ChipModel

PREAMBLE = b"\xAA\x55"
LONG, SHORT = 11, 9                  # bytes of a reply with version rolling on and off
_COUNTER_MASK = 0x1FF_FFFF
_FIRST_BLOCK = 256                   # frames the fast path looks at before it looks at more
_TRUST = 8                           # sound frames in a row before the fast path is worth trying again

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint32]


class ReplyType(IntEnum):
    """The type bits of a reply's last byte."""

    REGISTER = 0
    NONCE = 4


class ReplyForm(Enum):
    """Which lengths a decoder expects."""

    LONG = "11-byte replies only"
    AUTO = "11-byte replies, and 9-byte ones as chips fresh out of reset send them"


@dataclass(frozen=True, slots=True)
class RegisterReply:
    """One register's value, as a chip gave it; ``register`` is its number."""

    value: int
    address: int
    register: int


@dataclass(frozen=True, slots=True, eq=False)
class ReplyBlock:
    """What one feed completed.

    ``nonces`` are whole 11-byte frames with a sound CRC, (n, 11) uint8, in order of arrival.
    ``bad_crc`` counts frames refused for their checksum, ``skipped`` all bytes that belonged to no
    sound frame, theirs included.
    """

    nonces: Bytes
    registers: tuple[RegisterReply, ...]
    bad_crc: int
    skipped: int


@dataclass(frozen=True, slots=True, eq=False)
class Nonces:
    """Columns of a block of nonce frames, one element a frame.

    ``word`` u32: the nonce's four wire bytes, most significant first; ``core`` u8 its bits 31-25;
    ``counter`` u32 its bits 24-0; ``sub_core``, ``job_id`` u8; ``version_bits`` u16, the version
    counter; ``excess`` u8, byte 6 as sent.
    """

    word: Words
    core: Bytes
    counter: Words
    sub_core: Bytes
    job_id: Bytes
    version_bits: npt.NDArray[np.uint16]
    excess: Bytes


def columns(frames: Bytes, model: ChipModel) -> Nonces:
    """The columns of (n, 11) nonce frames."""
    word = np.ascontiguousarray(frames[:, 2:6]).view(">u4").ravel().astype(np.uint32)
    version = np.ascontiguousarray(frames[:, 8:10]).view(">u2").ravel().astype(np.uint16)
    return Nonces(
        word=word,
        core=(word >> np.uint32(25)).astype(np.uint8),
        counter=word & np.uint32(_COUNTER_MASK),
        sub_core=frames[:, 7] & np.uint8((1 << model.sub_core_bits) - 1),
        job_id=frames[:, 7] >> np.uint8(model.sub_core_bits),
        version_bits=version,
        excess=frames[:, 6].copy(),
    )


def fit(data: bytes | bytearray, at: int, *, short_nonces: bool = True) -> Fitted:
    """How the bytes from ``at`` on, which start with the preamble, fit a reply of either length.

    A 9-byte reply is only believed when the next preamble follows it; ``short_nonces`` says whether
    it may be a nonce.
    """
    left = len(data) - at
    if left < LONG:
        return Fitted(Fit.PARTIAL, left)
    if _sound(data[at + 2:at + LONG], with_nonces=True):
        return Fitted(Fit.GOOD, LONG)
    follows = data[at + SHORT:at + LONG]
    if follows == PREAMBLE and fits_short(data, at, with_nonces=short_nonces):
        return Fitted(Fit.GOOD, SHORT)
    return Fitted(Fit.BAD_CRC, LONG)


def fits_short(data: bytes | bytearray, at: int, *, with_nonces: bool = True) -> bool:
    """Whether the nine bytes from ``at`` on are a sound reply by themselves."""
    return len(data) >= at + SHORT and _sound(data[at + 2:at + SHORT], with_nonces=with_nonces)


def _sound(body: bytes | bytearray, *, with_nonces: bool) -> bool:
    kind = body[-1] >> 5
    known = kind == ReplyType.REGISTER or (with_nonces and kind == ReplyType.NONCE)
    return known and crc5(body) == 0


def register_reply(frame: bytes) -> RegisterReply:
    """The values in a sound register reply of either length."""
    return RegisterReply(int.from_bytes(frame[2:6]), frame[6], frame[7])


def is_nonce(frame: bytes) -> bool:
    """Whether a sound reply of either length is a nonce."""
    return frame[-1] >> 5 == ReplyType.NONCE


def lengthened(frame: bytes) -> bytes:
    """A 9-byte nonce reply in 11-byte form: no version was rolled, so its counter is 0."""
    payload = frame[2:8] + b"\0\0"
    return PREAMBLE + payload + bytes((reply_tail(payload, ReplyType.NONCE),))


class ReplyDecoder:
    """Turns a chain's byte stream into blocks; fed in pieces of any size.

    Aligned frames are decoded as arrays; anything else is resynchronised byte by byte at the next
    preamble with a sound checksum. Holds at most ten bytes between feeds.
    """

    def __init__(self, model: ChipModel, form: ReplyForm = ReplyForm.AUTO) -> None:
        self.model = model
        self._form = form
        self._seen_long = False
        self._seen_short = False
        self._tail = b""

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
            kinds: Bytes = np.right_shift(rows[:, 10], 5, dtype=np.uint8)
            good = (rows[:, 0] == PREAMBLE[0]) & (rows[:, 1] == PREAMBLE[1]) & crc5_ok_rows(rows)
            good &= (kinds == ReplyType.NONCE) | (kinds == ReplyType.REGISTER)
            run = count if good.all() else int(np.argmin(good))
            if run:
                self._seen_long, self._seen_short = True, False
                found.add_rows(rows[:run], kinds[:run])
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
                found.skipped += start - at
                return start, False
            if start > at:
                found.skipped += start - at
                in_a_row = 0
            at = start
            result, size = self._fit(buffer, at)
            if result is Fit.PARTIAL:
                return at, False
            if result is Fit.GOOD:
                self._seen_long, self._seen_short = size == LONG, size == SHORT
                found.add_frame(buffer[at:at + size])
                at += size
                in_a_row = in_a_row + 1 if size == LONG else 0
                if in_a_row == _TRUST:
                    return at, True
                continue
            found.bad_crc += 1
            found.skipped += 1
            in_a_row = 0
            at += 1

    def _fit(self, buffer: bytes, at: int) -> Fitted:
        if self._form is ReplyForm.LONG:
            whole = len(buffer) - at >= LONG
            good = whole and _sound(buffer[at + 2:at + LONG], with_nonces=True)
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
        self._nonces: list[Bytes] = []
        self._registers: list[RegisterReply] = []

    def add_rows(self, rows: Bytes, kinds: Bytes) -> None:
        nonces = kinds == ReplyType.NONCE
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
        nonces = np.concatenate(self._nonces) if self._nonces else np.empty((0, LONG), np.uint8)
        return ReplyBlock(nonces, tuple(self._registers), self.bad_crc, self.skipped)


# ---- for the bench

def encode_register(value: int, address: int, register: int, *, size: int = LONG) -> bytes:
    """A register reply of ``size`` 11 or 9 bytes."""
    payload = value.to_bytes(4) + bytes((address, register)) + bytes(size - SHORT)
    return PREAMBLE + payload + bytes((reply_tail(payload, ReplyType.REGISTER),))


def encode_nonces(
    word: npt.ArrayLike,
    job_id: npt.ArrayLike,
    sub_core: npt.ArrayLike,
    version_bits: npt.ArrayLike,
    excess: npt.ArrayLike,
    model: ChipModel = MODELS["bm1370"],
) -> Bytes:
    """Nonce replies, (n, 11) uint8, from columns as ``Nonces`` has them (scalars are repeated).

    ``excess`` is byte 6 as sent (``excess_byte``); of ``job_id`` only the bits that byte 7 holds
    are used.
    """
    words = np.atleast_1d(np.asarray(word, dtype=np.uint32))
    frames = np.empty((len(words), LONG), dtype=np.uint8)
    frames[:, 0], frames[:, 1] = PREAMBLE
    frames[:, 2:6] = words.astype(">u4").view(np.uint8).reshape(-1, 4)
    frames[:, 6] = excess
    jobs = np.asarray(job_id) & ((1 << model.job_id_bits) - 1)
    frames[:, 7] = jobs << model.sub_core_bits | np.asarray(sub_core)
    versions = np.asarray(version_bits)
    frames[:, 8] = versions >> 8
    frames[:, 9] = versions & 0xFF
    frames[:, 10] = reply_tail_rows(frames[:, 2:10], ReplyType.NONCE)
    return frames


def excess_byte(
    spare_zero_bits: npt.ArrayLike, job_id: npt.ArrayLike, model: ChipModel = MODELS["bm1370"]
) -> Bytes:
    """Byte 6 for hashes with that many zero bits more than the ticket asked for.

    With a 4-bit job id in byte 7 the bits stand above bit 0, which carries job id bit 4 (disputed:
    one source takes it for half a bit of difficulty); otherwise they are the whole byte.
    """
    spare, jobs = np.asarray(spare_zero_bits), np.asarray(job_id)
    byte = spare << 1 | jobs >> 4 & 1 if model.job_id_bits == 4 else spare
    return np.asarray(byte).astype(np.uint8)
