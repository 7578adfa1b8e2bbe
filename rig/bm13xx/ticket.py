"""TICKET_MASK: how many zero bits beyond the 32 hard-wired ones a hash needs to be reported.

Source: 256foundation/mujina ``mujina-miner/src/asic/bm13xx/REFERENCE.md``, checked on captured nonces.
"""

from __future__ import annotations

from functools import lru_cache

from rig.errors import UsageError

HARD_WIRED_ZERO_BITS = 32


def ticket_mask(extra_zero_bits: int) -> int:
    """Register value that asks for ``extra_zero_bits`` (0..32) more zero bits: difficulty 2^bits.

    The mask is 2^bits - 1 with the bits of each byte reversed. Raises UsageError out of range.
    """
    if not 0 <= extra_zero_bits <= 32:
        raise UsageError(f"a ticket of {extra_zero_bits} extra zero bits asked for, 0 to 32 exist")
    plain = (1 << extra_zero_bits) - 1
    return int.from_bytes(_reversed_bits(byte) for byte in plain.to_bytes(4, "big"))


@lru_cache(maxsize=64)
def plain_mask(mask: int) -> int:
    """A register value with the bits of each byte in order: bit i asks for the i-th further zero bit."""
    return int.from_bytes(_reversed_bits(byte) for byte in mask.to_bytes(4, "big"))


def zero_bits_of(mask: int) -> int:
    """How many bits a mask tests: for a contiguous one the extra zero bits it asks for."""
    return mask.bit_count()


def _reversed_bits(byte: int) -> int:
    return int(f"{byte:08b}"[::-1], 2)
