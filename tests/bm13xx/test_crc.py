"""CRCs: against the published check value, a bit-by-bit reading of the definition, and each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.bm13xx.crc import crc5, crc5_ok_rows, crc5_rows, crc16, reply_tail, reply_tail_rows


def by_the_book(bits: str) -> int:
    """CRC-5 over a string of bits, as its definition reads."""
    register = 0b11111
    for bit in bits:
        out = register >> 4
        register = register << 1 & 0b11111
        if out != int(bit):
            register ^= 0b00101
    return register


def bits_of(data: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in data)


@pytest.mark.parametrize(("covered", "crc"), [
    ("53050000", 0x03), ("5205 0000", 0x0A), ("40050400", 0x03), ("51090028 01300000", 0x1A),
    ("41090878 00000000", None), ("4109782C00130003", 0x19), ("410908580001F111", 0x1F),
])
def test_crc5_of_captured_commands(covered: str, crc: int | None) -> None:
    data = bytes.fromhex(covered)
    assert crc5(data) == (by_the_book(bits_of(data)) if crc is None else crc)


@given(st.binary(max_size=40))
def test_crc5_reads_as_defined(data: bytes) -> None:
    assert crc5(data) == by_the_book(bits_of(data))


@given(st.binary(max_size=12), st.integers(0, 7))
def test_a_reply_tail_covers_its_type_and_leaves_no_rest(payload: bytes, kind: int) -> None:
    tail = reply_tail(payload, kind)
    assert tail >> 5 == kind
    assert tail & 0x1F == by_the_book(bits_of(payload) + f"{kind:03b}")
    assert crc5(payload + bytes((tail,))) == 0


def test_crc16_is_ccitt_false() -> None:
    assert crc16(b"123456789") == 0x29B1


@given(st.integers(0, 30), st.integers(0, 12), st.randoms(use_true_random=False))
def test_rows_are_the_single_ones(count: int, width: int, random: object) -> None:
    rng = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
    rows = rng.integers(0, 256, (count, width), dtype=np.uint8)
    assert crc5_rows(rows).tolist() == [crc5(row.tobytes()) for row in rows]
    assert reply_tail_rows(rows, 4).tolist() == [reply_tail(row.tobytes(), 4) for row in rows]


def test_sound_rows_are_told_from_damaged_ones() -> None:
    good = bytes.fromhex("aa5518 00a640029922f991")
    rows = np.array([list(good)] * 80, dtype=np.uint8)
    for bit in range(72):                # any single wrong bit after the preamble is found
        rows[bit, 2 + bit // 8] ^= 1 << bit % 8
    assert crc5_ok_rows(rows).tolist() == [False] * 72 + [True] * 8
