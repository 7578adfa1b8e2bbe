"""What a burn-in came to, by every way of looking at it: whatever the mode, all of them are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rig.pytestplugin.answers import AnswerFigures
from rig.verdict.pattern import PatternFigures
from rig.work.ledger import Tally


@dataclass(frozen=True, slots=True)
class RateFigures:
    """Right answers of each chip, and those that a perfect one returns in the same time; (chips,)."""

    genuine: NDArray[np.int64]
    expected: NDArray[np.float64]

    def measurements(self) -> Iterator[tuple[str, tuple[float, ...]]]:
        """Name and values of each measurement they make."""
        with np.errstate(invalid="ignore", divide="ignore"):
            yield "chip_answer_rate", tuple((self.genuine / self.expected).tolist())
            yield "board_answer_rate", (float(self.genuine.sum() / self.expected.sum()),)

    def as_trials(self, tally: Tally, repeats: NDArray[np.int64]) -> Tally:
        """A tally without known answers, made one in which every expected answer is a trial."""
        expected = self.expected.astype(np.int64)
        return replace(
            tally, trials=expected, hits=self.genuine, passed=expected, returned=self.genuine,
            duplicate=repeats,
        )


@dataclass(frozen=True, slots=True)
class WorkFigures:
    """Ours, the incumbent's, and plain rates. ``answers`` carries the calls of the run's mode.

    ``slow``: chips the Poisson test calls bad, None where it was not asked.
    """

    answers: AnswerFigures
    pattern: PatternFigures
    rates: RateFigures
    slow: int | None = None

    def measurements(self) -> Iterator[tuple[str, tuple[float, ...]]]:
        """Name and values of each measurement they make."""
        pattern = self.pattern
        yield from self.answers.measurements()
        yield "bad_sub_cores", _numbers(pattern.bad_sub_cores)
        yield "short_sub_cores", _numbers(pattern.short_sub_cores)
        yield "pattern_chip_rate", _numbers(pattern.chip_rate)
        yield "pattern_board_rate", (pattern.board_rate,)
        yield "hardware_errors", _numbers(self.answers.tally.wrong)
        yield "domain_balance", _numbers(pattern.domain_balance)
        yield from self.rates.measurements()
        if self.slow is not None:
            yield "slow_chips", (float(self.slow),)


def _numbers(values: NDArray[np.generic]) -> tuple[float, ...]:
    return tuple(np.asarray(values, np.float64).tolist())
