"""Chip to host, one frame at a time: register and nonce replies as bytes.

A reply is ``AA 55``, four bytes of value or nonce, two to four bytes more, and a last byte with the
type above a CRC. Replies are 11 bytes long once MIDSTATE_CONFIG has version rolling on, 9 before.
Source: 256foundation/mujina
``mujina-miner/src/asic/bm13xx/REFERENCE.md`` and ``protocol.rs``, on captured frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from rig.bm13xx.crc import crc5, crc5_ok_pairs, reply_tail
from rig.bm13xx.framing import Fit, Fitted

PREAMBLE = b"\xAA\x55"
LONG, SHORT = 11, 9                  # bytes of a reply with version rolling on and off


_PREAMBLE_PAIR = int.from_bytes(PREAMBLE, "little")
_UNKNOWN_TYPES = np.uint8(0x60)      # neither 0 nor 4 has these bits of the last byte


class ReplyType(IntEnum):
    """The type bits of a reply's last byte."""

    REGISTER = 0
    NONCE = 4


@dataclass(frozen=True, slots=True)
class RegisterReply:
    """One register's value, as a chip gave it; ``register`` is its number."""

    value: int
    address: int
    register: int


def fit(data: bytes | bytearray, at: int, *, short_nonces: bool = True) -> Fitted:
    """How the bytes from ``at`` on, which start with the preamble, fit a reply of either length.

    A 9-byte reply is only believed when the next preamble follows it; ``short_nonces`` says whether
    it may be a nonce.
    """
    left = len(data) - at
    if left < LONG:
        return Fitted(Fit.PARTIAL, left)
    if sound(data[at + 2:at + LONG], with_nonces=True):
        return Fitted(Fit.GOOD, LONG)
    follows = data[at + SHORT:at + LONG]
    if follows == PREAMBLE and fits_short(data, at, with_nonces=short_nonces):
        return Fitted(Fit.GOOD, SHORT)
    return Fitted(Fit.BAD_CRC, LONG)


def fits_short(data: bytes | bytearray, at: int, *, with_nonces: bool = True) -> bool:
    """Whether the nine bytes from ``at`` on are a sound reply by themselves."""
    return len(data) >= at + SHORT and sound(data[at + 2:at + SHORT], with_nonces=with_nonces)


def sound(body: bytes | bytearray, *, with_nonces: bool) -> bool:
    """Whether a reply without its preamble has a known type and a right checksum."""
    kind = body[-1] >> 5
    known = kind == ReplyType.REGISTER or (with_nonces and kind == ReplyType.NONCE)
    return known and crc5(body) == 0


def sound_rows(frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which rows of (n, 11) are a preamble, a known type and a right checksum."""
    pairs = np.ascontiguousarray(frames[:, :10]).view("<u2")
    last = frames[:, 10]
    good = crc5_ok_pairs(pairs[:, 1:], last)
    good &= pairs[:, 0] == _PREAMBLE_PAIR
    good &= last & _UNKNOWN_TYPES == 0
    return good


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


def encode_register(value: int, address: int, register: int, *, size: int = LONG) -> bytes:
    """A register reply of ``size`` 11 or 9 bytes."""
    payload = value.to_bytes(4) + bytes((address, register)) + bytes(size - SHORT)
    return PREAMBLE + payload + bytes((reply_tail(payload, ReplyType.REGISTER),))
