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


def _pair_tables() -> npt.NDArray[np.uint8]:
    """(4, 65536): what each two bytes of a reply's first eight add to its register at the end.

    The register is linear, so the parts of a row may be looked up on their own and added.
    """
    part = _BYTE_STEP_ROWS
    parts: list[npt.NDArray[np.uint8]] = []
    for _ in range(9):                                  # of the last byte first
        parts.insert(0, part)
        part = _BYTE_STEP_ROWS[part]
    # little-endian pairs: the first byte of two is the low one
    pairs = [parts[at][np.newaxis, :] ^ parts[at + 1][:, np.newaxis] for at in (0, 2, 4, 6)]
    return np.stack([pair.ravel() for pair in pairs])


_PAIRS = _pair_tables()
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


_START_AT_END = crc5(bytes(9)) << 3      # what the start value alone leaves after nine bytes


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
    return crc5_ok_pairs(np.ascontiguousarray(frames[:, 2:10]).view("<u2"), frames[:, 10])


def crc5_ok_pairs(pairs: npt.NDArray[np.uint16], last: Bytes) -> Flags:
    """As ``crc5_ok_rows``, of bytes 2 to 9 as (n, 4) little-endian pairs, and the last bytes."""
    state = _BYTE_STEP_ROWS.take(last)
    for column, table in enumerate(_PAIRS):
        state ^= table.take(pairs[:, column])
    ok: Flags = state == _START_AT_END
    return ok


def reply_tail_rows(payloads: Bytes, kind: int) -> Bytes:
    """``reply_tail`` of each row of a (n, k) array of payload bytes."""
    tails: Bytes = _TAIL[kind][crc5_rows(payloads)]
    return tails
