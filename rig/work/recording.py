"""What golden boards answer: jobs solved by silicon instead of by search, pass after pass.

Every right answer proves itself by its hash; passes tell which of them a good board gives back each
time, so that no answer gets into a pack that a board can only meet now and then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rig.bm13xx.chain import COUNTER_BITS
from rig.work.issue import Issue
from rig.work.pack import SUB_CORE_MASK, Pack
from rig.work.verify import zero_bits_of_headers

Keys = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

_WORD = np.uint64(0xFFFF_FFFF)
_HASHED_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """What was recorded. ``hit_rates`` (chips,): in what share of the passes an answer of the chip that
    came at all did come; NaN where none did.

    ``seen`` different right answers came; of those ``rare`` came in too few passes and ``strange``
    were of no chip's window or of a sub-core that is not there.
    """

    pack: Pack
    hit_rates: npt.NDArray[np.float64]
    seen: int
    rare: int
    strange: int


class Recording:
    """Keeps what comes of each whole issue of ``jobs``, a pack without answers.

    An answer is kept that came in ``least`` of ``passes``; an issue shorter than ``least_seconds`` is
    no pass. ``solved`` names the pack that is made.
    """

    def __init__(self, jobs: Pack, passes: int, least: int, least_seconds: float) -> None:
        self.passes, self.least = passes, least
        self._jobs, self._least_seconds = jobs, least_seconds
        self._taken: list[list[Keys]] = [[] for _ in range(jobs.jobs)]

    @property
    def done(self) -> bool:
        """Whether every job had all its passes."""
        return min(map(len, self._taken)) >= self.passes

    @property
    def answers(self) -> int:
        """Right answers of all passes so far."""
        return sum(len(keys) for taken in self._taken for keys in taken)

    def close(self, issue: Issue) -> None:
        """Take an issue that is over."""
        taken = self._taken[issue.job]
        if len(taken) < self.passes and issue.replaced_at - issue.issued_at >= self._least_seconds:
            taken.append(np.unique(issue.taken_unknown()))

    def solved(self, name: str, origin: str) -> Recorded:
        """The pack of what is kept. Jobs of which nothing is kept make it one that cannot be saved."""
        found = [_counted(taken) for taken in self._taken]
        keys = np.concatenate([keys for keys, _ in found])
        times = np.concatenate([times for _, times in found])
        job = np.repeat(np.arange(len(found), dtype=np.uint16), [len(keys) for keys, _ in found])
        often, own = times >= self.least, self._own(keys)
        kept = often & own
        pack = pack_of(replace(self._jobs, name=name, origin=origin), job[kept], keys[kept])
        return Recorded(
            pack, self._hit_rates(keys[own], times[own]), seen=len(keys),
            rare=int((own & ~often).sum()), strange=int((~own).sum()),
        )

    def _hit_rates(self, keys: Keys, times: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        chip = self._jobs.layout.chip_of(_counter(_parts(keys)[0]))
        came = np.bincount(chip, weights=times, minlength=self._jobs.chips)
        with np.errstate(invalid="ignore"):
            return np.asarray(came / (self.passes * np.bincount(chip, minlength=self._jobs.chips)))

    def _own(self, keys: Keys) -> Flags:
        """Those within the window of the chip whose slice they are in, and of a sub-core that is there."""
        pack, model = self._jobs, self._jobs.model
        word, version_bits = _parts(keys)
        core = (word >> np.uint32(COUNTER_BITS)).astype(np.intp)
        present = np.array([
            [model.has(core, sub_core) for sub_core in range(SUB_CORE_MASK + 1)]
            for core in range(1 << 32 - COUNTER_BITS)
        ])
        within = pack.layout.position(_counter(word)) < pack.window_counts
        return np.asarray(within & present[core, version_bits & SUB_CORE_MASK])


def pack_of(jobs: Pack, job: npt.NDArray[np.uint16], keys: Keys) -> Pack:
    """``jobs`` with these answers, rising within each job; their zero bits are hashed anew."""
    word, version_bits = _parts(keys)
    zero_bits = [np.empty(0, np.uint8)]
    for first in range(0, len(keys), _HASHED_AT_ONCE):
        rows = slice(first, first + _HASHED_AT_ONCE)
        headers = jobs.templates[job[rows]].copy()
        rolled = version_bits[rows].astype(np.uint32) << np.uint32(13)
        headers[:, :4] |= rolled.astype("<u4").view(np.uint8).reshape(-1, 4)
        headers[:, 76:] = word[rows].astype(">u4").view(np.uint8).reshape(-1, 4)
        zero_bits.append(zero_bits_of_headers(headers))
    return replace(
        jobs, job=job, chip_index=jobs.layout.chip_of(_counter(word)).astype(np.uint8), word=word,
        version_bits=version_bits, zero_bits=np.concatenate(zero_bits),
    )


def _counted(taken: list[Keys]) -> tuple[Keys, npt.NDArray[np.intp]]:
    """The different keys of all passes, and in how many of them each came."""
    together = np.concatenate([np.empty(0, np.uint64), *taken])
    keys, times = np.unique(together, return_counts=True)
    return keys, times.astype(np.intp)


def _counter(word: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    return (word & np.uint32((1 << COUNTER_BITS) - 1)).astype(np.int64)


def _parts(keys: Keys) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint16]]:
    return (keys & _WORD).astype(np.uint32), (keys >> np.uint64(32)).astype(np.uint16)
