"""Which answers a chip's ticket lets through, when the mask is not simply so many zero bits.

The chip tests the bits of a hash that the mask selects, no others: bit i of the mask, its bytes' bits
put in order, stands for the i-th bit beyond those that are wired in.
"""

from __future__ import annotations

import hashlib

import numpy as np

from rig.sim.arrays import Flags, Words

HASH_BITS = 256
_VERSION_SHIFT = 13                # where rolled version bits stand in a header's version
_VERSION_END, _NONCE_AT = 4, 76


def wanted_bits(plain_mask: int) -> int:
    """Zero bits asked for in a row from the first on; ``is_plain`` masks ask for no others."""
    return (~plain_mask & (plain_mask + 1)).bit_length() - 1


def is_plain(plain_mask: int) -> bool:
    """Whether the mask selects the first so many bits, as hosts set it."""
    return plain_mask & (plain_mask + 1) == 0


def let_through(
    template: bytes, words: Words, version_bits: Words, plain_mask: int, wired_zero_bits: int
) -> Flags:
    """Which of the answers (n,) to an 80-byte header template have zeros wherever the mask selects."""
    selected = sum(
        1 << (HASH_BITS - 1 - wired_zero_bits - bit)
        for bit in range(plain_mask.bit_length()) if plain_mask >> bit & 1
    )
    version = int.from_bytes(template[:_VERSION_END], "little")
    middle = template[_VERSION_END:_NONCE_AT]
    passed = np.zeros(len(words), dtype=np.bool_)
    for at, (word, rolled) in enumerate(zip(words.tolist(), version_bits.tolist(), strict=True)):
        header = (version | rolled << _VERSION_SHIFT).to_bytes(4, "little") + middle + word.to_bytes(4)
        digest = hashlib.sha256(hashlib.sha256(header).digest()).digest()
        passed[at] = int.from_bytes(digest, "little") & selected == 0
    return passed
