"""One issue of a pack's job: which of its known answers came back, and which should have by now."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from rig.bm13xx.sweep import BATCHES, VERSIONS_PER_BATCH, batch_seconds
from rig.work.damage import Namer
from rig.work.pack import Pack
from rig.work.reach import Clocks, within_reach

GUARD_BATCHES = 16                   # answers still under way: replies wait for each other on the chain
SILENT_SECONDS = 1.0                 # after this long without an answer the time alone tells what is due
SUB_CORES = 16                       # places of a core: the low four bits of the version bits

Keys = npt.NDArray[np.uint64]
Index = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


def answer_keys(version_bits: npt.NDArray[np.uint16], word: npt.NDArray[np.uint32]) -> Keys:
    """One number an answer: unique within a job, and rising with its batch."""
    return version_bits.astype(np.uint64) << np.uint64(32) | word


def reply_keys(frames: npt.NDArray[np.uint8]) -> Keys:
    """``answer_keys`` of (n, 11) nonce replies."""
    frames = np.ascontiguousarray(frames)
    count, size = frames.shape
    # read in place: a copy into words of their own costs as much as all the rest
    keys = np.ndarray((count,), ">u2", frames, 8, (size,)).astype(np.uint64)
    keys <<= np.uint64(32)
    keys |= np.ndarray((count,), ">u4", frames, 2, (size,))
    return keys


@dataclass(frozen=True, eq=False)
class KnownJob:
    """Those answers of a job that the chips can give at their present clock, in order of batch."""

    keys: Keys
    places: Index                    # chip * cores + core
    end_of_batch: Index              # (4096,) rows up to and with each batch

    @cached_property
    def sub_core_places(self) -> Index:
        """(chip * cores + core) * 16 + sub-core."""
        sub_core = (self.keys >> np.uint64(32)).astype(np.intp) % SUB_CORES
        return np.asarray(self.places * SUB_CORES + sub_core)

    @cached_property
    def namer(self) -> Namer:
        """What tells its answers by parts; made when the first damaged reply comes."""
        return Namer(self.keys)


class KnownAnswers:
    """A pack's jobs, indexed for one way of running the chips.

    ``mhz`` of all chips, or one each. Left out, as no chip can give them: answers beyond the window
    that a chip sweeps at its clock, and those weaker than the ticket's ``ticket_zero_bits`` more than
    the pack requires.
    """

    def __init__(self, pack: Pack, sweep_length: int, mhz: Clocks, ticket_zero_bits: int) -> None:
        self._pack = pack
        self._reachable = within_reach(pack, mhz, ticket_zero_bits, sweep_length)
        self._cores = pack.model.cores
        self._jobs: dict[int, KnownJob] = {}
        self.seconds_per_batch = batch_seconds(sweep_length)

    def job(self, job: int) -> KnownJob:
        """The known answers of a job; indexed when first asked for."""
        if job not in self._jobs:
            rows = np.flatnonzero(self._reachable[self._pack.answers_of(job)]) + self._pack.first_rows[job]
            chip = self._pack.chip_index[rows].astype(np.intp)
            version_bits, word = self._pack.version_bits[rows], self._pack.word[rows]
            ends = np.searchsorted(version_bits >> 4, np.arange(BATCHES), side="right")
            self._jobs[job] = KnownJob(
                keys=answer_keys(version_bits, word),
                places=chip * self._cores + self._pack.core[rows],
                end_of_batch=ends.astype(np.intp),
            )
        return self._jobs[job]


@dataclass(frozen=True, slots=True, eq=False)
class Returns:
    """What a block of one issue's genuine replies was. Masks over the block, and rows of the job."""

    fresh: Flags                     # a known answer, back for the first time
    again: Flags                     # a known answer that was back before
    strange: Flags                   # no known answer
    rows: Index                      # of the fresh ones


class Issue:
    """A job frame that was written: what came back of it, and what is due.

    A job without any known answers has no rows: its right answers are only kept, by their keys.
    ``replaced_at``: when the next job was written. ``first_trial`` is the row up to which earlier
    issues of the job made trials; ``due`` the rows whose return must have passed; ``void`` those whose
    reply came damaged: no trials.
    """

    def __init__(self, job: int, job_id: int, known: KnownJob, first_trial: int, now: float) -> None:
        self.job, self.job_id, self.known = job, job_id, known
        self.first_trial = first_trial
        self.issued_at = now
        self.replaced_at = np.inf
        self.due = 0
        self.seen = np.zeros(len(known.keys), dtype=np.bool_)
        self.void: Flags | None = None              # most issues have none
        self._latest_batch = -1
        self._unknown: list[Keys] = []

    def taken_unknown(self) -> Keys:
        """Keys of all replies to a job without known answers, in order of arrival."""
        return np.concatenate(self._unknown) if self._unknown else np.empty(0, dtype=np.uint64)

    def take(self, keys: Keys) -> Returns:
        """Book genuine replies by their keys."""
        known = self.known.keys
        if not len(known):
            self._unknown.append(keys)
            none = np.zeros(len(keys), dtype=np.bool_)
            return Returns(none, none, none, np.empty(0, dtype=np.intp))
        # answers come nearly in order, so a block's are a small stretch of the known ones
        first, end = np.searchsorted(known, (keys.min(), keys.max() + np.uint64(1))).tolist()
        end = max(end, min(first + 1, len(known)))
        first = min(first, end - 1)
        at = np.searchsorted(known[first:end], keys)
        at += first
        at[at == end] = first
        found = known[at] == keys
        fresh = found & ~self.seen[at]
        if self.void is not None:
            fresh &= ~self.void[at]
        if not fresh.all() or _twice(at, first, end):
            # of one answer twice in a block, only the last keeps its stamp, and only it is fresh
            order, stamp = np.arange(len(keys)), np.zeros(end - first, dtype=np.intp)
            stamp[at[fresh] - first] = order[fresh]
            fresh &= stamp[at - first] == order
        rows = at[fresh]
        self.seen[rows] = True
        if len(rows):
            batch = int(known[rows.max()] >> np.uint64(32)) // VERSIONS_PER_BATCH
            self._latest_batch = max(self._latest_batch, batch)
        return Returns(fresh, found & ~fresh, ~found, rows)

    def excuse(self, rows: Index) -> Index:
        """Void answers whose reply came damaged; returns those that were not back or void before."""
        if self.void is None:
            self.void = np.zeros(len(self.seen), dtype=np.bool_)
        rows = np.unique(rows)
        rows = rows[~(self.seen[rows] | self.void[rows])]
        self.void[rows] = True
        return rows

    def advance(self, now: float, heard_at: float, seconds_per_batch: float) -> tuple[int, int]:
        """Move ``due`` on; returns the rows newly due, from and to.

        The chain answers in the order of its sweep, so the latest batch heard of says what has
        passed, but never more than the time since the issue allows. When the chain has been silent
        for a second (``heard_at``: when the last known answer came), the time alone does.
        """
        elapsed = now - self.issued_at
        swept = int(elapsed / seconds_per_batch)
        passed = min(self._latest_batch - GUARD_BATCHES, swept - 1)
        if now - max(heard_at, self.issued_at) >= SILENT_SECONDS:
            passed = max(passed, int((elapsed - SILENT_SECONDS) / seconds_per_batch) - 1)
        if swept >= BATCHES + GUARD_BATCHES:
            passed = BATCHES - 1                    # the versions are used up: no later answer will tell
        before = self.due
        if passed >= 0:
            self.due = max(before, int(self.known.end_of_batch[min(passed, BATCHES - 1)]))
        return before, self.due


def _twice(rows: Index, first: int, end: int) -> bool:
    """Whether a row stands twice among ``rows``, all of first..end."""
    there = np.zeros(end - first, dtype=np.bool_)
    there[rows - first] = True
    return int(np.count_nonzero(there)) != len(rows)
