"""The ledger of a burn-in: which known answers were due, which came, and what else came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rig.bm13xx.chain import ChainLayout
from rig.bm13xx.replies import columns
from rig.bm13xx.sweep import version_space_seconds
from rig.work.census import Census, CensusBook
from rig.work.damage import extent
from rig.work.issue import Index, Issue, KnownAnswers, reply_keys
from rig.work.pack import Pack
from rig.work.reach import Clocks
from rig.work.templates import JobSlots
from rig.work.verify import JOB_IDS, Outcome, verify_batch

FEWEST_NAMED, MOST_NAMED = 16, 16    # damaged pieces looked into: so many, or one for so many frames
SLIPPING = 16                        # damaged frames for each that may slip through its checksum
LATE_SECONDS = 0.5                   # how long answers to the job before the present one are still good

Frames = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]
CoreCounts = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Counts since the ledger was opened; (chips,) or (chips, cores) arrays.

    A trial is a known answer of the pack whose return must have passed, counted once however often
    its job is issued; a hit is a trial that came back. ``passed`` and ``returned`` are the same
    counted afresh at every issue, for whoever watches a board beyond the pack's end.
    """

    trials: Counts
    hits: Counts
    core_trials: CoreCounts
    core_hits: CoreCounts
    passed: Counts
    returned: Counts
    wrong: Counts                    # hash too weak for its job
    stale: Counts                    # right for a job that was replaced
    duplicate: Counts                # a known answer a second time in one pass of an issue
    outside: Counts                  # right for its job, but no answer this chain's sweep should meet
    unknown: int                     # for a job id never used
    corrupt: int                     # CRC wrong
    answers: int                     # known answers, first time in their issue
    excused: int = 0                 # damaged replies that name their answer: no trials, no misses
    unnamed: int = 0                 # damaged replies that do not


class Ledger:
    """Books what one board returns while it works through ``pack``.

    Times are seconds of one monotonic clock. ``mhz`` is the hash clock of all chips,
    or (chips,) each one's own, ``ticket_zero_bits`` what their ticket mask asks for beyond the
    pack's required zero bits.
    ``known``: the pack indexed for just that, for boards in one process to share. ``closed`` is
    given each issue when nothing more will be taken of it.

    A pack may have jobs without answers: what is right for them is counted by chip, and no trial.
    """

    def __init__(
        self, pack: Pack, layout: ChainLayout, sweep_length: int, mhz: Clocks, *, ticket_zero_bits: int = 0,
        known: KnownAnswers | None = None, closed: Callable[[Issue], None] | None = None,
    ) -> None:
        self._model, self._layout = pack.model, layout
        self._required = pack.required_zero_bits
        self._known = known or KnownAnswers(pack, sweep_length, mhz, ticket_zero_bits)
        self._version_space_seconds = version_space_seconds(sweep_length)
        self._census = CensusBook(layout, self._model.cores, self._version_space_seconds)
        self._slots = JobSlots(pack.templates)
        self._closed = closed
        self._present: Issue | None = None
        self._before: Issue | None = None
        self._replaced_at = self._heard_at = self._taken_at = -np.inf
        self._tried: dict[int, int] = {}         # rows of each job that made trials
        chips, cores = layout.chips, self._model.cores
        self._core_trials = np.zeros((chips, cores), dtype=np.int32)
        self._core_hits = np.zeros((chips, cores), dtype=np.int32)
        self._passed, self._returned, self._wrong, self._stale, self._duplicate, self._outside = (
            np.zeros((6, chips), dtype=np.int64)
        )
        self._unknown = self._corrupt = self._answers = 0
        self._excused = self._unnamed = self._slipped = 0

    def issue(self, job: int, job_id: int, now: float) -> None:
        """A job frame was written: ``job`` of the pack, under an id of 0..15.

        What is due of the job before stays as it is from now on.
        """
        if not 0 <= job_id < JOB_IDS:
            raise ValueError(f"job id {job_id}, expected 0 to {JOB_IDS - 1}")
        self._advance(now)
        if self._before is not None:
            self._census.close(self._before)
            if self._closed is not None:
                self._closed(self._before)
        if self._present is not None:
            self._present.replaced_at = now
        self._before, self._replaced_at = self._present, now
        self._slots.put(job, job_id)
        self._present = Issue(job, job_id, self._known.job(job), self._tried.get(job, 0), now)

    def recall(self, job: int, job_id: int) -> None:
        """A job frame that was written before the book was opened: its answers are known as stale."""
        self._slots.put(job, job_id)

    def take(self, frames: Frames, now: float, damaged: Sequence[bytes] = ()) -> None:
        """Book (n, 11) nonce frames that were read at ``now``.

        ``damaged``: the bytes that stood between them and belong to no sound frame. Answers that
        they name were sent and are no misses; as nobody can hash them they are no hits either.
        """
        most = max(FEWEST_NAMED, len(frames) // MOST_NAMED)
        for piece in damaged[:most]:
            self._excuse(piece)
        self._unnamed += sum(extent(piece).frames for piece in damaged[most:])
        if len(frames):
            self._take_all(frames, now)
        self._taken_at = now

    def _take_all(self, frames: Frames, now: float) -> None:
        verified = verify_batch(frames, self._slots.templates, self._slots.live, self._required)
        kinds = np.bincount(verified.outcome, minlength=len(Outcome))
        self._corrupt += int(kinds[Outcome.CORRUPT])
        if kinds[Outcome.UNKNOWN_JOB]:
            self._unknown += len(self._own_fault(frames[verified.outcome == Outcome.UNKNOWN_JOB]))
        if kinds[Outcome.WRONG]:
            self._take_wrong(self._own_fault(frames[verified.outcome == Outcome.WRONG]))
        if kinds[Outcome.GENUINE] == len(frames):
            self._take_genuine(frames, now)
        elif kinds[Outcome.GENUINE]:
            self._take_genuine(frames[verified.outcome == Outcome.GENUINE], now)

    def tally(self, now: float) -> Tally:
        """All counts as of ``now``."""
        self._advance(now)
        return Tally(
            trials=self._core_trials.sum(axis=1, dtype=np.int64),
            hits=self._core_hits.sum(axis=1, dtype=np.int64),
            core_trials=self._core_trials.copy(), core_hits=self._core_hits.copy(),
            passed=self._passed.copy(), returned=self._returned.copy(),
            wrong=self._wrong.copy(), stale=self._stale.copy(),
            duplicate=self._duplicate.copy(), outside=self._outside.copy(),
            unknown=self._unknown, corrupt=self._corrupt, answers=self._answers,
            excused=self._excused, unnamed=self._unnamed,
        )

    def census(self) -> Census:
        """Counts by sub-core and all right answers, as of the last tally."""
        return self._census.with_open(
            issue for issue in (self._present, self._before) if issue is not None
        )

    def _open_issues(self) -> list[Issue]:
        """Those whose answers may be in what is read now: the present one, and for a while the one before.

        What is read now may have come right after the last reading, however late the host is by now.
        """
        late = self._before if self._taken_at - self._replaced_at <= LATE_SECONDS else None
        return [issue for issue in (self._present, late) if issue is not None]

    def _excuse(self, piece: bytes) -> None:
        """Void the answers that a damaged piece names."""
        unnamed = extent(piece).frames
        for issue in self._open_issues():
            named = issue.known.namer.name(piece)
            if named.rows:
                self._void(issue, np.array(named.rows))
                self._excused += len(named.rows)
                unnamed = named.unnamed
                break
        self._unnamed += unnamed

    def _void(self, issue: Issue, rows: Index) -> None:
        rows = issue.excuse(rows)
        late = rows[rows < issue.due]
        if len(late):
            places = issue.known.places
            self._passed -= self._by_place(places[late]).sum(axis=1)
            self._core_trials -= self._by_place(places[late[late >= issue.first_trial]])

    def _own_fault(self, frames: Frames) -> Frames:
        """Odd replies less those that the wire made of known answers.

        One damaged frame in 32 has a right checksum all the same. So on a wire that damages, replies
        that are a known answer but for one byte are excused, as many as twice that share.
        """
        most = (self._excused + self._unnamed) / SLIPPING
        own = np.ones(len(frames), dtype=np.bool_)
        looked = min(len(frames), FEWEST_NAMED) if self._slipped < most else 0
        for at in range(looked):
            for issue in self._open_issues():
                named = issue.known.namer.name(frames[at].tobytes())
                if named.rows and self._slipped < most:
                    self._void(issue, np.array(named.rows))
                    self._slipped += 1
                    own[at] = False
                    break
        return frames[own]

    def _take_genuine(self, frames: Frames, now: float) -> None:
        job_ids = frames[:, 7] >> 4
        for issue in self._open_issues():
            mine = job_ids == issue.job_id
            if mine.all():
                self._take_known(issue, frames, now)
                return
            if mine.any():
                self._take_known(issue, frames[mine], now)
                frames, job_ids = frames[~mine], job_ids[~mine]
        if len(frames):
            self._stale += self._by_chip(frames)

    def _take_known(self, issue: Issue, frames: Frames, now: float) -> None:
        returns = issue.take(reply_keys(frames))
        if not len(issue.known.keys):
            self._answers += len(frames)
            return
        if len(returns.rows) < len(frames):
            # a chip whose new job comes late begins the version space anew: that repeat is the host's
            if now - issue.issued_at < self._version_space_seconds:
                self._duplicate += self._by_chip(frames[returns.again])
            self._outside += self._by_chip(frames[returns.strange])
        if not len(returns.rows):
            return
        self._heard_at = now
        self._answers += len(returns.rows)
        late = returns.rows[returns.rows < issue.due]
        if len(late):
            places = issue.known.places
            self._returned += self._by_place(places[late]).sum(axis=1)
            self._core_hits += self._by_place(places[late[late >= issue.first_trial]])

    def _take_wrong(self, frames: Frames) -> None:
        """Replies whose hash is too weak: right for a job that had their id before, or for none."""
        if not len(frames):
            return
        for templates, live in self._slots.retired():
            again = verify_batch(frames, templates, live, self._required)
            stale = again.outcome == Outcome.GENUINE
            if stale.any():
                self._stale += self._by_chip(frames[stale])
                frames = frames[~stale]
        if len(frames):
            self._wrong += self._by_chip(frames)

    def _advance(self, now: float) -> None:
        """Make trials of what has become due of the present job."""
        issue = self._present
        if issue is None:
            return
        first, end = issue.advance(now, self._heard_at, self._known.seconds_per_batch)
        if end == first:
            return
        self._book_due(issue, first, end)
        self._tried[issue.job] = max(end, self._tried.get(issue.job, 0))

    def _book_due(self, issue: Issue, first: int, end: int) -> None:
        due, came = self._by_place_and_seen(issue, first, end)
        self._passed += due.sum(axis=1)
        self._returned += came.sum(axis=1)
        if issue.first_trial >= end:
            return
        if issue.first_trial > first:
            due, came = self._by_place_and_seen(issue, issue.first_trial, end)
        self._core_trials += due
        self._core_hits += came

    def _by_place_and_seen(self, issue: Issue, first: int, end: int) -> tuple[CoreCounts, CoreCounts]:
        places, seen = issue.known.places[first:end], issue.seen[first:end]
        if issue.void is not None:
            counted = ~issue.void[first:end]
            places, seen = places[counted], seen[counted]
        return self._by_place(places), self._by_place(places[seen])

    def _by_place(self, places: Index) -> CoreCounts:
        shape = self._core_trials.shape
        return np.bincount(places, minlength=self._core_trials.size).reshape(shape).astype(np.int32)

    def _by_chip(self, frames: Frames) -> Counts:
        chips = self._layout.chip_of(columns(frames, self._model).counter)
        return np.bincount(chips, minlength=self._layout.chips).astype(np.int64)
