"""Known answers on their way: which chip's sweep meets which answer of the pack, and when.

Each core sweeps its counter from the chip's nonce offset over the window, once for every batch of
16 versions (window and timing as in rig.bm13xx.sweep). An answer is met by every chip whose window
holds its counter, whatever chip it was mined for: missing offsets give duplicates by themselves.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from rig.bm13xx.chain import COUNTER_BITS, OFFSET_SHIFT
from rig.bm13xx.crc import reply_tail_rows
from rig.bm13xx.jobs import Job
from rig.bm13xx.replies import SHORT, ReplyType, encode_nonces, excess_byte
from rig.bm13xx.sweep import VERSIONS_PER_BATCH, batch_seconds, window_counts
from rig.sim.arrays import Bytes, Flags, Floats, Index, Words
from rig.work.pack import Pack

_COUNTERS = 1 << COUNTER_BITS
_KEPT = 16                         # 2.5 MB each for a full board
_WRONG_BITS = 0x155                # turned in a nonce to spoil it: it stays in its core and slice


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """One job's answers, ordered by counter: (n,) each."""

    counter: Words
    core: Index
    word: Words
    version_bits: Words
    zero_bits: Bytes


class AnswerBook:
    """A pack, looked up by the job a chip was sent. Shared between boards.

    A board gets the same few jobs again and again on the same terms, and so do all boards of a
    product: what they find, and when, is worked out once and kept for the last ``_KEPT`` of them.
    """

    def __init__(self, pack: Pack) -> None:
        self.required_zero_bits = pack.required_zero_bits
        self._known = [self._sorted(pack, job) for job in range(pack.jobs)]
        self._job_of = {pack.templates[job].tobytes()[:76]: job for job in range(pack.jobs)}
        self._kept: OrderedDict[tuple[Hashable, ...], Finds] = OrderedDict()

    def finds(self, group: Group) -> Finds | None:
        """What a group finds of its job, or None when the pack does not know the job."""
        job = self._job_of.get(group.terms.job.header(0, 0)[:76])
        if job is None:
            return None
        key = (job, *group.ways)
        if key not in self._kept:
            self._kept[key] = _finds(self._known[job], group, self.required_zero_bits)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    @staticmethod
    def _sorted(pack: Pack, job: int) -> Known:
        rows = pack.answers_of(job)
        word = pack.word[rows]
        order = np.argsort(word & np.uint32(_COUNTERS - 1), kind="stable")
        word = word[order]
        return Known(
            counter=word & np.uint32(_COUNTERS - 1),
            core=(word >> np.uint32(COUNTER_BITS)).astype(np.intp),
            word=word,
            version_bits=pack.version_bits[rows][order].astype(np.uint32),
            zero_bits=pack.zero_bits[rows][order],
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a group of chips works alike: its job, since when, and its registers."""

    job: Job
    since: float
    sweep_length: int
    extra_zero_bits: int
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
            terms.sweep_length, terms.extra_zero_bits, terms.rolled, terms.long,
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


def _finds(known: Known, group: Group, required_zero_bits: int) -> Finds:
    terms = group.terms
    rows, chip, seconds = _met(known, group)
    counter = _packed(known.version_bits[rows], terms.rolled)
    batch = batch_seconds(terms.sweep_length)
    seconds = seconds + (counter // VERSIONS_PER_BATCH) * batch
    spare = known.zero_bits[rows].astype(np.int64) - required_zero_bits - terms.extra_zero_bits
    wanted = spare >= 0
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
        frames=_encoded(word, 0, sub_core, version_bits, spare, long=terms.long),
    )


def _encoded(
    word: Words, job_id: int, sub_core: Index, version_bits: Words, spare: Index, *, long: bool
) -> Bytes:
    frames = encode_nonces(word, job_id, sub_core, version_bits, excess_byte(spare, job_id))
    return frames if long else _shortened(frames)


class Sweep:
    """A group's answers in the order they are found: again and again until a new job comes.

    ``frames`` (n, size) are the replies, ``chip`` (n,) who sends them, ``luck`` (n,) a fresh draw
    in 0..1 for each pass.
    """

    def __init__(self, finds: Finds, terms: Terms, rng: np.random.Generator) -> None:
        self._finds, self._terms, self._rng = finds, terms, rng
        self._times, self._period = finds.seconds, finds.period
        self._begin, self._cursor = terms.since, 0
        self.chip: Index = finds.chip
        self.frames: Bytes = finds.frames
        if terms.job.job_id and len(finds.word):
            # the checksum is linear: another job id turns the same bits of every reply
            self.frames = finds.frames ^ (self._replies(slice(0, 1), finds.word[:1]) ^ finds.frames[:1])
        self.luck: Floats = rng.random(len(finds.word))

    def skip_to(self, now: float) -> None:
        """Leave out what was found before ``now``."""
        passes = int((now - self._begin) // self._period)
        self._begin += max(0, passes) * self._period
        self._cursor = int(np.searchsorted(self._times, now - self._begin, side="right"))

    def due(self, now: float) -> slice | None:
        """The next rows found up to ``now``, None when there are no more. A new pass, new luck."""
        while True:
            reached = int(np.searchsorted(self._times, now - self._begin, side="right"))
            if reached > self._cursor:
                rows = slice(self._cursor, reached)
                self._cursor = reached
                return rows
            if now - self._begin < self._period:
                return None
            self._begin += self._period
            self._cursor = 0
            self.luck = self._rng.random(len(self.luck))

    def found_at(self, row: int) -> float:
        """When the answer of a row of the present pass is found."""
        return self._begin + float(self._times[row])

    def spoiled(self, rows: Index) -> Bytes:
        """Replies of these rows with a nonce that is no answer."""
        return self._replies(rows, self._finds.word[rows] ^ np.uint32(_WRONG_BITS))

    def _replies(self, rows: slice | Index, word: Words) -> Bytes:
        found, terms = self._finds, self._terms
        return _encoded(
            word, terms.job.job_id, found.sub_core[rows], found.version_bits[rows], found.spare[rows],
            long=terms.long,
        )


def _met(known: Known, group: Group) -> tuple[Index, Index, Floats]:
    """Rows of ``known`` each chip's window holds, the chip, and seconds into the batch."""
    rows, chips, seconds = [], [], []
    for chip, start, mhz in zip(group.chips, group.starts, group.mhz, strict=True):
        window = min(window_counts(group.terms.sweep_length, float(mhz)), _COUNTERS)
        for low, high in ((start, min(start + window, _COUNTERS)), (0, start + window - _COUNTERS)):
            first, last = np.searchsorted(known.counter, (low, max(low, high)))
            found = np.arange(first, last)
            position = (known.counter[found].astype(np.int64) - start) % _COUNTERS
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
