"""Findings from the known-answer work: which chips are to blame, and for what."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rig.verdict.binomial import at_least
from rig.verdict.codes import Code
from rig.verdict.cores import FAILING_CORES, cores_decided, dead_cores, outside
from rig.verdict.evidence import BurnIn, Evidence
from rig.verdict.finding import Draft
from rig.verdict.measurement import Outcome, latest
from rig.verdict.sequential import ChipCall, SequentialTest

# Shares of a sound chip's known answers that may come back spoilt, against those that must be caught
# (hardware errors 0.02, repeats 0.05), and the risk of calling a sound chip of a board.
SOUND_SHARE = {Code.CHIP_ERRORS: 0.002, Code.CHIP_STALE: 0.002, Code.CHIP_REPEATS: 0.005}
COUNT_RISK = 1e-6
FEWEST = 3                # returns of a kind below which they explain no misses
SLOW_BOARD_SHARE = 1 / 3  # of the chips bad: the board is slow, no chip is to blame
LATE_STATION_SHARE = 1 / 3  # of the chips that answer, on retired jobs at once: the station was late
# What a late station makes of sound answers; none of it can be told from a chip's fault then.
LATENESS_SPOILS = frozenset({
    Code.CHIP_STALE, Code.CHIP_REPEATS, Code.CHIP_ERRORS, Code.CHIP_CORES, Code.CHIP_WEAK, Code.BOARD_RATE,
})


def chip_rules(evidence: Evidence) -> Iterator[Draft]:
    """One cause per chip, the most exact that explains its misses; repeats on their own."""
    burn_in = evidence.burn_in
    if burn_in is None:
        return
    chips = _Chips(evidence, burn_in)
    stations = chips.late_station() or chips.gap()
    if stations is not None:
        yield stations
        return
    weak = []
    for chip in range(evidence.chips):
        if chips.spoilt(chip, Code.CHIP_REPEATS, burn_in.duplicate):
            yield chips.counted(chip, Code.CHIP_REPEATS, burn_in.duplicate, "answers came twice")
        if chips.explained(chip, Code.CHIP_STALE, burn_in.stale):
            yield chips.counted(chip, Code.CHIP_STALE, burn_in.stale, "answers were of retired jobs")
        elif chips.explained(chip, Code.CHIP_ERRORS, burn_in.wrong):
            yield chips.counted(chip, Code.CHIP_ERRORS, burn_in.wrong, "answers did not meet the target")
        else:
            if chips.fails_by_cores(chip):
                yield chips.by_cores(chip)
            if chips.fails_by_rate(chip):
                weak.append(chip)
    yield from chips.by_rate(weak)


class _Chips:
    """The counts of one burn-in, looked at chip by chip."""

    def __init__(self, evidence: Evidence, burn_in: BurnIn) -> None:
        self._evidence, self._counts = evidence, burn_in
        self._dead = dead_cores(burn_in.core_trials, burn_in.core_hits)
        self._decided = cores_decided(burn_in.core_trials)
        self._bad = (burn_in.calls == ChipCall.BAD) | burn_in.alarmed
        test = SequentialTest.for_board(burn_in.decision, evidence.chips)
        rest = test.judge(outside(burn_in.core_trials, self._dead), outside(burn_in.core_hits, self._dead))
        self._rest_is_bad = rest == ChipCall.BAD

    def spoilt(self, chip: int, code: Code, counts: NDArray[np.int64]) -> bool:
        """Whether more returns of a kind came than a sound chip gives."""
        count, trials = int(counts[chip]), int(self._counts.trials[chip])
        if count < FEWEST:
            return False
        return count >= trials or at_least(count, trials, SOUND_SHARE[code]) <= COUNT_RISK

    def explained(self, chip: int, code: Code, counts: NDArray[np.int64]) -> bool:
        """Whether a bad chip's misses are mostly such returns, or another chip is spoilt that way.

        A weak chip returns some of its misses wrong; it stays weak.
        """
        if not self._bad[chip]:
            return self.spoilt(chip, code, counts)
        missed = int(self._counts.trials[chip] - self._counts.hits[chip])
        return int(counts[chip]) >= max(FEWEST, missed / 2)

    def late_station(self) -> Draft | None:
        """One finding for the station when retired jobs are answered by too many chips to blame any."""
        counts = self._counts
        answers = counts.hits + counts.stale + counts.wrong + counts.duplicate
        many, answering = int((counts.stale >= FEWEST).sum()), int((answers > 0).sum())
        if many <= LATE_STATION_SHARE * answering or not self._stale_counts():
            return None
        return Draft(
            Code.STN_SOFTWARE,
            (f"{int(counts.stale.sum())} answers of retired jobs came from {many} of {answering} chips at "
             "once: the rig's computer was late, no chip is to blame",),
            voids=LATENESS_SPOILS,
        )

    def gap(self) -> Draft | None:
        """One finding for the station when chips are bad only by what they all lost at one moment."""
        gaps, many = self._counts.gaps, int(self._bad.sum())
        if many <= SLOW_BOARD_SHARE * self._evidence.chips or not gaps.seen:
            return None
        if not gaps.rate_outside >= self._counts.decision.good_hit_rate:
            return None
        return Draft(
            Code.STN_SOFTWARE,
            (f"most chips lost answers at the same moment, {gaps.seen} times, and outside of it "
             f"{gaps.rate_outside:.4f} of the board's came back: no chip is to blame; look at the chain's "
             "cable and at what else the rig's computer does",),
            voids=LATENESS_SPOILS,
        )

    def _stale_counts(self) -> bool:
        """Whether answers of retired jobs would fail the board."""
        return any(
            taken.spec.code == Code.CHIP_STALE and taken.outcome is Outcome.FAIL
            for taken in latest(self._evidence.measurements)
        ) or any(
            self.explained(chip, Code.CHIP_STALE, self._counts.stale) for chip in range(self._evidence.chips)
        )

    def fails_by_cores(self, chip: int) -> bool:
        """Three dead cores fail a chip; fewer when they alone make it bad."""
        dead = int(self._dead[chip].sum())
        return dead >= FAILING_CORES or bool(dead and self._bad[chip] and not self._rest_is_bad[chip])

    def fails_by_rate(self, chip: int) -> bool:
        """Whether the chip is bad by misses outside its dead cores."""
        return bool(self._bad[chip]) and (not self._dead[chip].any() or bool(self._rest_is_bad[chip]))

    def counted(self, chip: int, code: Code, counts: NDArray[np.int64], says: str) -> Draft:
        count, trials = int(counts[chip]), int(self._counts.trials[chip])
        return self._draft(chip, code, f"chip {chip}: {count} {says}, of {trials} known answers")

    def by_cores(self, chip: int) -> Draft:
        cores = ", ".join(map(str, np.flatnonzero(self._dead[chip])))
        least = int(self._counts.core_trials[chip][self._dead[chip]].min())
        return self._draft(
            chip, Code.CHIP_CORES,
            f"chip {chip}: no answer from cores {cores}, each asked {least} times or more",
            cores=cores,
        )

    def by_rate(self, weak: list[int]) -> Iterator[Draft]:
        """One finding a weak chip, or one for the board when too many are weak to blame any."""
        if len(weak) > SLOW_BOARD_SHARE * self._evidence.chips:
            hits, trials = int(self._counts.hits.sum()), int(self._counts.trials.sum())
            yield Draft(
                Code.BOARD_RATE,
                (f"{len(weak)} of {self._evidence.chips} chips below rate, the board at "
                 f"{hits / max(1, trials):.4f}",),
                {"rate": f"{hits / max(1, trials):.4f}", "count": len(weak)},
            )
            return
        for chip in weak:
            asked = int(self._counts.trials[chip])
            seen = f"chip {chip}: {self._rate(chip)} of {asked} known answers came back"
            spread = "spread over its cores" if self._decided[chip] else "too few yet to tell where they sit"
            yield self._draft(chip, Code.CHIP_WEAK, f"{seen}; the misses are {spread}")

    def _rate(self, chip: int) -> str:
        return f"{int(self._counts.hits[chip]) / max(1, int(self._counts.trials[chip])):.4f}"

    def _draft(self, chip: int, code: Code, seen: str, **facts: str) -> Draft:
        return Draft(
            code, (seen,), {"rate": self._rate(chip), **facts},
            chip=chip, domain=chip // self._evidence.chips_per_domain,
        )
