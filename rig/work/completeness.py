"""Is a recorded pack complete enough to judge boards with?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rig.verdict.binomial import at_least
from rig.verdict.cores import MIN_TRIALS
from rig.work.pack import Pack
from rig.work.survey import coverage

LEAST_SHARE = 0.99                   # of the expected answers, beside five times what chance takes off
CHANCE = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Completeness:
    """What a pack holds against what it should: (chips,) answers, and coverage of cores and sub-cores."""

    expected: npt.NDArray[np.float64]
    found: npt.NDArray[np.int64]
    per_core: npt.NDArray[np.int64]
    per_sub_core: npt.NDArray[np.int64]

    def lacks(self, answers_per_chip: int) -> Iterator[str]:
        """Why it is too incomplete to judge with; nothing when it is not.

        ``answers_per_chip``: what the recipe's decision may ask of a chip.
        """
        short = np.flatnonzero(self.found < answers_per_chip)
        if len(short):
            yield (
                f"{len(short)} chips have less than the {answers_per_chip} answers that the decision of the "
                f"recipe may need ({_some(short)}): record more jobs"
            )
        fair = LEAST_SHARE * self.expected - CHANCE * np.sqrt(self.expected)
        poor = np.flatnonzero(self.found < fair)
        if len(poor):
            yield (
                f"{len(poor)} chips gave back less than a good chip does ({_some(poor)}): "
                "the board is not golden there; merge with another board"
            )
        cores = int((self.per_core < MIN_TRIALS).sum())
        if cores:
            yield f"{cores} cores have less than {MIN_TRIALS} answers: record more jobs, or merge boards"


def completeness(pack: Pack, expected: npt.NDArray[np.float64]) -> Completeness:
    """Of ``pack``, when a perfect board has (chips,) ``expected`` answers to its jobs."""
    seen = coverage(pack)
    return Completeness(expected, seen.per_chip_and_job.sum(axis=0), seen.per_core, seen.per_sub_core)


def kept_share(hit_rate: float, passes: int, least: int) -> float:
    """Of the answers there are, the share that ``least`` of ``passes`` keep at a hit rate."""
    if not 0.0 < hit_rate < 1.0:
        return float(hit_rate >= 1.0)
    return at_least(least, passes, hit_rate)


def _some(chips: npt.NDArray[np.intp]) -> str:
    first = ", ".join(f"chip {chip}" for chip in chips[:4].tolist())
    return first + (", ..." if len(chips) > 4 else "")
