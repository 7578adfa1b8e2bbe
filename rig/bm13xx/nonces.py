"""Nonce replies in blocks: frames ↔ columns, as arrays.

What the bytes mean is marked in docs/chain.md; source: 256foundation/mujina
``mujina-miner/src/asic/bm13xx/REFERENCE.md`` and ``protocol.rs``, on captured frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rig.bm13xx.crc import reply_tail_rows
from rig.bm13xx.models import MODELS, ChipModel
from rig.bm13xx.replyframes import LONG, PREAMBLE, ReplyType

_COUNTER_MASK = 0x1FF_FFFF

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint32]


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


def counters(frames: Bytes) -> Words:
    """The counter column of (n, 11) nonce frames alone: what tells whose they are."""
    words: Words = np.ascontiguousarray(frames[:, 2:6]).view(">u4").ravel() & np.uint32(_COUNTER_MASK)
    return words


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
