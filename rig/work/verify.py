"""``verify_batch``: what blocks of nonce replies are worth, by the hash of their rebuilt headers.

How a header is rebuilt: 256foundation/mujina ``mujina-miner/src/asic/bm13xx/REFERENCE.md`` and
bitaxeorg/ESP-Miner ``components/stratum/mining.c``, checked on captured jobs and shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from rig.bm13xx.crc import crc5_ok_rows
from rig.work.backend import Backend, best_backend, library_for

Bytes1d = npt.NDArray[np.uint8]
Bytes2d = npt.NDArray[np.uint8]

JOB_IDS = 16
FRAME_BYTES = 11
HEADER_BYTES = 80
MOST_ZERO_BITS = 255                 # what a result's byte holds; a hash of 256 zeros counts as 255


class Outcome(IntEnum):
    """What one reply is."""

    GENUINE = 0
    WRONG = 1                        # sound frame, known job, hash below the required zero bits
    UNKNOWN_JOB = 2                  # no such job was ever sent
    CORRUPT = 3                      # the frame's CRC does not hold


@dataclass(frozen=True, slots=True, eq=False)
class Verified:
    """One entry a frame: ``outcome`` holds ``Outcome`` numbers; ``zero_bits`` is 0 where not hashed."""

    zero_bits: Bytes1d
    outcome: Bytes1d


def verify_batch(
    frames: Bytes2d,
    templates: Bytes2d,
    live: int,
    required_zero_bits: int,
    *,
    backend: Backend | None = None,
) -> Verified:
    """Judge (n, 11) nonce replies with a 4-bit job id (BM1370, BM1368).

    ``templates`` are 16 headers of 80 bytes by job id, ``live`` has the bit of every id that has
    one. All back ends give the same; without ``backend`` the best one here is used. Raises
    UsageError for a back end that is not here.
    """
    frames = np.ascontiguousarray(frames, dtype=np.uint8)
    templates = np.ascontiguousarray(templates, dtype=np.uint8)
    if frames.ndim != 2 or frames.shape[1] != FRAME_BYTES or templates.shape != (JOB_IDS, HEADER_BYTES):
        raise ValueError(f"frames {frames.shape} and templates {templates.shape}, expected (n, 11), (16, 80)")
    if not 0 <= required_zero_bits <= MOST_ZERO_BITS:
        raise ValueError(f"{required_zero_bits} required zero bits, expected 0 to {MOST_ZERO_BITS}")
    chosen = backend or best_backend()
    library = library_for(chosen)
    if library is None:
        return _verify_in_python(frames, templates, live, required_zero_bits)
    return Verified(*library.verify(frames, templates, live, required_zero_bits, chosen.path))


def _verify_in_python(frames: Bytes2d, templates: Bytes2d, live: int, required_zero_bits: int) -> Verified:
    job_ids = frames[:, 7] >> 4
    known = np.array([live >> job_id & 1 for job_id in range(JOB_IDS)], dtype=np.bool_)[job_ids]
    sound = crc5_ok_rows(frames)
    outcome = np.where(sound, np.uint8(Outcome.UNKNOWN_JOB), np.uint8(Outcome.CORRUPT))
    zero_bits = np.zeros(len(frames), dtype=np.uint8)
    rows = np.flatnonzero(sound & known)
    if len(rows):
        found = zero_bits_of_headers(rebuild_headers(frames[rows], templates[job_ids[rows]]))
        zero_bits[rows] = found
        outcome[rows] = np.where(found >= required_zero_bits, Outcome.GENUINE, Outcome.WRONG)
    return Verified(zero_bits, outcome)


def rebuild_headers(frames: Bytes2d, templates: Bytes2d) -> Bytes2d:
    """The (n, 80) headers that (n, 11) replies belong to, given each one's (n, 80) template."""
    headers = templates.copy()
    rolled = frames[:, 8].astype(np.uint32) << 8 | frames[:, 9]
    headers[:, :4] |= (rolled << 13).astype("<u4").view(np.uint8).reshape(-1, 4)
    headers[:, 76:] = frames[:, 2:6]
    return headers


def zero_bits_of_headers(headers: Bytes2d) -> Bytes1d:
    """Leading zero bits of each (n, 80) header's double SHA-256, by hashlib."""
    data = memoryview(headers.tobytes())
    digests = b"".join(
        sha256(sha256(data[at:at + HEADER_BYTES]).digest()).digest()
        for at in range(0, len(data), HEADER_BYTES)
    )
    # the hash is a little-endian number: its last byte leads
    bits = np.unpackbits(np.frombuffer(digests, dtype=np.uint8).reshape(-1, 32)[:, ::-1], axis=1)
    leading = bits.argmax(axis=1)
    return np.where(bits.any(axis=1), leading, MOST_ZERO_BITS).astype(np.uint8)
