"""The census of a burn-in: what every sub-core was asked and gave back, and every chip's right answers.

A job issued again asks again, so counts are afresh at every issue. Nothing is counted while answers
come: an issue is counted whole when the next but one replaces it, or when somebody asks, so a census
costs a chain of any speed next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rig.bm13xx.chain import COUNTER_BITS, ChainLayout
from rig.work.issue import SUB_CORES, Issue

# A shorter issue was never worked on: it is there to know the answers that were under way by.
LEAST_SECONDS = 0.02
_COUNTERS = np.uint64((1 << COUNTER_BITS) - 1)

Counts = npt.NDArray[np.int64]
SubCoreCounts = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Census:
    """Counts of all issues so far.

    ``trials`` and ``hits`` are known answers due and back by sub-core, (chips, cores, 16).
    ``genuine`` (chips,) are different right answers of each chip, known beforehand or not, in the
    ``seconds`` of work of the issues that are over; ``repeats`` (chips,) second returns in those of jobs
    without known answers, where the ledger itself has nothing to tell them by.
    """

    trials: SubCoreCounts
    hits: SubCoreCounts
    genuine: Counts
    repeats: Counts
    seconds: float = 0.0


class CensusBook:
    """Adds up issues that are over. For chips of ``cores`` cores along ``layout``.

    A job gives nothing new after ``job_seconds``, when its versions are used up.
    """

    def __init__(self, layout: ChainLayout, cores: int, job_seconds: float) -> None:
        self._layout, self._job_seconds = layout, job_seconds
        shape = (layout.chips, cores, SUB_CORES)
        self._closed = Census(
            np.zeros(shape, np.int32), np.zeros(shape, np.int32),
            np.zeros(layout.chips, np.int64), np.zeros(layout.chips, np.int64),
        )

    def close(self, issue: Issue) -> None:
        """Count an issue of which nothing more will be taken."""
        self._ask(self._closed, issue)
        seconds = min(issue.replaced_at - issue.issued_at, self._job_seconds)
        if seconds >= LEAST_SECONDS:
            genuine, repeats = self._came(issue)
            self._closed = replace(
                self._closed, genuine=self._closed.genuine + genuine,
                repeats=self._closed.repeats + repeats, seconds=self._closed.seconds + seconds,
            )

    def with_open(self, issues: Iterable[Issue]) -> Census:
        """All counts; what the issues still open were asked and gave back is in them as it stands."""
        census = replace(self._closed, trials=self._closed.trials.copy(), hits=self._closed.hits.copy())
        for issue in issues:
            self._ask(census, issue)
        return census

    @staticmethod
    def _ask(census: Census, issue: Issue) -> None:
        known = issue.known
        seen = issue.seen[:issue.due]
        places = known.sub_core_places[:issue.due]
        if issue.void is not None:
            counted = ~issue.void[:issue.due]
            seen, places = seen[counted], places[counted]
        for counts, rows in ((census.trials, places), (census.hits, places[seen])):
            counts += np.bincount(rows, minlength=counts.size).reshape(counts.shape).astype(np.int32)

    def _came(self, issue: Issue) -> tuple[Counts, Counts]:
        """Different right answers of each chip, and repeats the ledger does not know of."""
        known = issue.known
        if len(known.keys):
            chips = known.places[issue.seen] // self._closed.trials.shape[1]
            return np.bincount(chips, minlength=self._layout.chips), np.zeros_like(self._closed.repeats)
        taken = issue.taken_unknown()
        different = self._by_chip(np.unique(taken))
        return different, self._by_chip(taken) - different

    def _by_chip(self, keys: npt.NDArray[np.uint64]) -> Counts:
        chips = self._layout.chip_of((keys & _COUNTERS).astype(np.int64))
        return np.bincount(chips, minlength=self._layout.chips)
