"""Jobs: the block header a chip works on, and the hash that proves an answer.

Byte orders: "header order" is the order of the bytes in the 80-byte block header. The job frame
carries the two hashes with their eight 4-byte words in reverse (256foundation/mujina
``mujina-miner/src/asic/bm13xx/protocol.rs``, checked on captured jobs).
"""

from __future__ import annotations

import hashlib
import math
import struct
from dataclasses import dataclass
from typing import Self

from rig.errors import UsageError

VERSION_SHIFT = 13                   # the 16-bit version counter lands in header version bits 28..13
_DIFFICULTY_ONE = 0xFFFF << 208
_TEMPLATE = struct.Struct("<I32s32sIII")


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. Hashes are 32 bytes in header order; integers as header values.

    Raises UsageError when a field does not fit the frame.
    """

    job_id: int                      # 0..31; a BM1370 gives back the low four bits only
    version: int
    prev_hash: bytes
    merkle_root: bytes
    ntime: int
    nbits: int
    starting_nonce: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.job_id <= 31:
            raise UsageError(f"job id {self.job_id}, expected 0 to 31")
        if len(self.prev_hash) != 32 or len(self.merkle_root) != 32:
            sizes = f"{len(self.prev_hash)} and {len(self.merkle_root)}"
            raise UsageError(f"hashes of {sizes} bytes in a job, expected 32 each")
        for name in ("version", "ntime", "nbits", "starting_nonce"):
            if not 0 <= getattr(self, name) <= 0xFFFF_FFFF:
                raise UsageError(f"{name} {getattr(self, name)} in a job, expected 32 bits")

    @classmethod
    def from_header(cls, job_id: int, template: bytes) -> Self:
        """The job for an 80-byte header, whose nonce is left aside. Raises UsageError."""
        if len(template) != _TEMPLATE.size:
            raise UsageError(f"a block header of {len(template)} bytes, expected {_TEMPLATE.size}")
        version, prev_hash, merkle_root, ntime, nbits, _ = _TEMPLATE.unpack(template)
        return cls(job_id, version, prev_hash, merkle_root, ntime, nbits)

    def header(self, nonce_wire: bytes | int, version_bits: int) -> bytes:
        """The 80-byte header an answer belongs to.

        ``nonce_wire`` is the nonce as the reply carries it: its four bytes, or those bytes read
        most significant first (never the header's own little-endian value). ``version_bits`` is
        the 16-bit version counter of the reply.
        """
        wire = nonce_wire.to_bytes(4) if isinstance(nonce_wire, int) else nonce_wire
        return _TEMPLATE.pack(
            self.version | version_bits << VERSION_SHIFT,
            self.prev_hash, self.merkle_root, self.ntime, self.nbits,
            int.from_bytes(wire, "little"),
        )


def words_reversed(hash_bytes: bytes) -> bytes:
    """A 32-byte hash between header order and the order of the job frame (its own inverse)."""
    return b"".join(hash_bytes[at:at + 4] for at in range(28, -1, -4))


def block_hash(header: bytes) -> bytes:
    """SHA-256 of SHA-256 of a header; 32 bytes, a little-endian number. Reversed for display."""
    return hashlib.sha256(hashlib.sha256(header).digest()).digest()


def zero_bits(digest: bytes) -> int:
    """Leading zero bits of a block hash taken as a number, 0..256."""
    return 256 - int.from_bytes(digest, "little").bit_length()


def difficulty(digest: bytes) -> float:
    """How much harder than difficulty 1 a block hash is to find."""
    value = int.from_bytes(digest, "little")
    return _DIFFICULTY_ONE / value if value else math.inf
