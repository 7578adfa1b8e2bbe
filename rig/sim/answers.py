"""Known answers on their way: the packs' answers by job, and the sweeps that meet them one by one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

import numpy as np

from rig.bm13xx.chain import COUNTER_BITS
from rig.sim.arrays import Bytes, Floats, Index, Words
from rig.sim.finds import COUNTERS, Finds, Group, Known, Terms, encoded, finds_of
from rig.work.pack import Pack

_KEPT = 16                         # 2.5 MB each for a full board
_WRONG_BITS = 0x155                # turned in a nonce to spoil it: it stays in its core and slice


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
            self._kept[key] = finds_of(self._known[job], group, self.required_zero_bits)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    @staticmethod
    def _sorted(pack: Pack, job: int) -> Known:
        rows = pack.answers_of(job)
        word = pack.word[rows]
        order = np.argsort(word & np.uint32(COUNTERS - 1), kind="stable")
        word = word[order]
        return Known(
            template=pack.templates[job].tobytes(),
            counter=word & np.uint32(COUNTERS - 1),
            core=(word >> np.uint32(COUNTER_BITS)).astype(np.intp),
            word=word,
            version_bits=pack.version_bits[rows][order].astype(np.uint32),
            zero_bits=pack.zero_bits[rows][order],
        )


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
        return encoded(
            word, terms.job.job_id, found.sub_core[rows], found.version_bits[rows], found.spare[rows],
            long=terms.long,
        )
