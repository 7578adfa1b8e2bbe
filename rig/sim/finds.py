"""What a group of chips finds of one job, and when.

Each core sweeps its counter from the chip's nonce offset over the window, once for every batch of
16 versions (window and timing as in rig.bm13xx.sweep). An answer is met by every chip whose window
holds its counter, whatever chip it was mined for: missing offsets give duplicates by themselves.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from rig.bm13xx.chain import COUNTER_BITS, OFFSET_SHIFT
from rig.bm13xx.crc import reply_tail_rows
from rig.bm13xx.jobs import Job
from rig.bm13xx.replies import SHORT, ReplyType, encode_nonces, excess_byte
from rig.bm13xx.sweep import VERSIONS_PER_BATCH, batch_seconds, window_counts
from rig.sim.arrays import Bytes, Flags, Floats, Index, Words
from rig.sim.tickets import is_plain, let_through, wanted_bits

COUNTERS = 1 << COUNTER_BITS


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """One job's answers, ordered by counter: (n,) each; ``template`` is its 80-byte header."""

    template: bytes
    counter: Words
    core: Index
    word: Words
    version_bits: Words
    zero_bits: Bytes


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a group of chips works alike: its job, since when, and its registers.

    ``ticket`` is the ticket mask with its bits in order (``rig.bm13xx.ticket.plain_mask``).
    """

    job: Job
    since: float
    sweep_length: int
    ticket: int
    rolled: int                        # mask of version bits that are rolled; 0 without rolling
    long: bool                         # 11-byte replies


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The chips that share terms: number, sweep start and clock, (g,) each.

    ``reporting`` is (chips of the chain, cores): cores whose answers get out.
    """

    terms: Terms
    chips: Index
    starts: Index
    mhz: Floats
    reporting: Flags

    @property
    def ways(self) -> tuple[Hashable, ...]:
        """All that what is found depends on, but for the job, its id and when it began."""
        terms = self.terms
        arrays = (self.chips, self.starts, self.mhz, self.reporting)
        return (
            terms.sweep_length, terms.ticket, terms.rolled, terms.long,
            *(array.tobytes() for array in arrays),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Finds:
    """What a group finds of one job, in the order of time; columns of (n,), ``frames`` (n, size).

    ``seconds`` after the job's start, within one pass of ``period``; ``frames`` are the replies
    under job id 0.
    """

    seconds: Floats
    period: float
    chip: Index
    word: Words
    spare: Index
    sub_core: Index
    version_bits: Words
    frames: Bytes


def finds_of(known: Known, group: Group, required_zero_bits: int) -> Finds:
    """All answers the group's windows hold, as its registers let them out."""
    terms = group.terms
    rows, chip, seconds = _met(known, group)
    counter = _packed(known.version_bits[rows], terms.rolled)
    batch = batch_seconds(terms.sweep_length)
    seconds = seconds + (counter // VERSIONS_PER_BATCH) * batch
    spare = known.zero_bits[rows].astype(np.int64) - required_zero_bits - wanted_bits(terms.ticket)
    wanted = spare >= 0
    if not is_plain(terms.ticket):
        wanted[wanted] = let_through(
            known.template, known.word[rows[wanted]], known.version_bits[rows[wanted]], terms.ticket,
            required_zero_bits,
        )
    wanted &= (known.version_bits[rows] & np.uint32(0xFFFF ^ terms.rolled)) == 0
    wanted &= group.reporting[chip, known.core[rows]]
    order = np.flatnonzero(wanted)
    order = order[np.argsort(seconds[order], kind="stable")]
    rows, spare, sub_core = rows[order], spare[order], counter[order] % VERSIONS_PER_BATCH
    word, version_bits = known.word[rows], known.version_bits[rows]
    space = 1 << terms.rolled.bit_count()
    return Finds(
        seconds=seconds[order], period=max(1, space // VERSIONS_PER_BATCH) * batch, chip=chip[order],
        word=word, spare=spare, sub_core=sub_core, version_bits=version_bits,
        frames=encoded(word, 0, sub_core, version_bits, spare, long=terms.long),
    )


def encoded(
    word: Words, job_id: int, sub_core: Index, version_bits: Words, spare: Index, *, long: bool
) -> Bytes:
    """Nonce replies, (n, size): ``spare`` zero bits beyond what the ticket asks; 11 bytes when ``long``."""
    frames = encode_nonces(word, job_id, sub_core, version_bits, excess_byte(spare, job_id))
    return frames if long else _shortened(frames)


def _met(known: Known, group: Group) -> tuple[Index, Index, Floats]:
    """Rows of ``known`` each chip's window holds, the chip, and seconds into the batch."""
    rows, chips, seconds = [], [], []
    for chip, start, mhz in zip(group.chips, group.starts, group.mhz, strict=True):
        window = min(window_counts(group.terms.sweep_length, float(mhz)), COUNTERS)
        for low, high in ((start, min(start + window, COUNTERS)), (0, start + window - COUNTERS)):
            first, last = np.searchsorted(known.counter, (low, max(low, high)))
            found = np.arange(first, last)
            position = (known.counter[found].astype(np.int64) - start) % COUNTERS
            rows.append(found)
            chips.append(np.full(len(found), chip))
            seconds.append(position / (mhz * 1e6))
    return np.concatenate(rows), np.concatenate(chips), np.concatenate(seconds)


def _packed(version_bits: Words, rolled: int) -> Index:
    """The roll counter that gives these version bits: the bits of the mask, low to high."""
    if rolled == 0xFFFF:
        return version_bits.astype(np.intp)
    counter = np.zeros(len(version_bits), dtype=np.intp)
    for place, bit in enumerate(bit for bit in range(16) if rolled >> bit & 1):
        counter |= ((version_bits >> np.uint32(bit)) & 1).astype(np.intp) << place
    return counter


def _shortened(frames: Bytes) -> Bytes:
    """Nonce replies without their version bytes, as a chip sends before version rolling is on."""
    short = frames[:, :SHORT].copy()
    short[:, -1] = reply_tail_rows(short[:, 2:-1], ReplyType.NONCE)
    return short


def sweep_start(offset_register: int) -> int:
    """Where a chip's counter starts, from its CHIP_NONCE_OFFSET register: 0 when not enabled."""
    return (offset_register & 0xFFFF) << OFFSET_SHIFT if offset_register >> 31 else 0
