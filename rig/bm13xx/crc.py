"""The two checksums of the wire: five bits for commands and replies, sixteen for jobs.

Source: 256foundation/mujina ``mujina-miner/src/asic/bm13xx/crc.rs``, checked on captured frames.
"""

from __future__ import annotations

import binascii

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

_POLYNOMIAL = 0x05
_START = 0x1F


def _shift_in(state: int, value: int, bits: int) -> int:
    """Run the 5-bit register over the low ``bits`` of ``value``, most significant first."""
    for place in reversed(range(bits)):
        feedback = (state >> 4) ^ (value >> place & 1)
        state = (state << 1) & 0x1F
        if feedback:
            state ^= _POLYNOMIAL
    return state


# The register is kept in the top five bits, so that one table look-up takes one whole byte.
_BYTE_STEP = bytes(_shift_in(0, byte, 8) << 3 for byte in range(256))
_BYTE_STEP_ROWS = np.frombuffer(_BYTE_STEP, dtype=np.uint8)
# last byte of a reply for [type][register state after the payload]
_TAIL = np.array(
    [[kind << 5 | _shift_in(state, kind, 3) for state in range(32)] for kind in range(8)], dtype=np.uint8
)


def crc5(data: bytes | bytearray | memoryview) -> int:
    """CRC-5 (x^5 + x^2 + 1, start 0x1F, most significant bit first) of whole bytes.

    Over a reply without its preamble, last byte included, the result is 0 when it is sound.
    """
    state = _START << 3
    for byte in data:
        state = _BYTE_STEP[state ^ byte]
    return state >> 3


def reply_tail(payload: bytes, kind: int) -> int:
    """Last byte of a reply of type ``kind`` (0..7): the type bits above a CRC that covers them."""
    return int(_TAIL[kind, crc5(payload)])


def crc16(data: bytes | bytearray | memoryview) -> int:
    """CRC-16/CCITT-FALSE, as job frames carry it, high byte first."""
    return binascii.crc_hqx(data, 0xFFFF)


def crc5_rows(rows: Bytes) -> Bytes:
    """``crc5`` of each row of a (n, k) array of bytes."""
    state: Bytes = np.full(len(rows), _START << 3, dtype=np.uint8)
    for column in range(rows.shape[1]):
        state = _BYTE_STEP_ROWS.take(state ^ rows[:, column])
    return np.right_shift(state, 3, dtype=np.uint8)


def crc5_ok_rows(frames: Bytes) -> Flags:
    """Which rows of (n, 11) reply frames, preamble included, have a sound CRC."""
    ok: Flags = crc5_rows(frames[:, 2:]) == 0
    return ok


def reply_tail_rows(payloads: Bytes, kind: int) -> Bytes:
    """``reply_tail`` of each row of a (n, k) array of payload bytes."""
    tails: Bytes = _TAIL[kind][crc5_rows(payloads)]
    return tails
