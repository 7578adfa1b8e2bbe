"""Is a chip good or bad? Decided as early as the misses allow, with both risks held.

Each distinct known answer is one trial: it came back (hit) or not (miss). Wald's sequential
probability ratio test is two parallel lines that the misses must stay between; a chip that is still
between them after ``most_answers_per_chip`` is called by a fixed number of misses.

The lines are placed by an exact calculation (rig.verdict.calibrate), so that a good chip is failed
and a bad one passed as rarely as the recipe states, and not much more rarely. It looks after every
answer and takes the last look where it is worst; with fewer looks both risks are smaller. What is
known of the trials only within bounds (answers lost with their frames, the edges of the swept window,
the clock) enters as ``trial_uncertainty``: good and bad are told apart as if good chips were that much
worse and bad ones that much better.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rig.errors import RecipeError
from rig.recipe.recipe import Decision
from rig.verdict.calibrate import Aim, calibrated
from rig.verdict.crossing import Lines


class ChipCall(IntEnum):
    """What is known of one chip."""

    CONTINUE = 0
    GOOD = 1
    BAD = 2


@dataclass(frozen=True, slots=True)
class SequentialTest:
    """The test for one chip or core of many: misses against ``lines``."""

    lines: Lines

    @classmethod
    def for_board(cls, decision: Decision, chips: int) -> Self:
        """The test for every chip of a board of ``chips``.

        The risk of failing a good board is shared by its chips: 1 - (1 - risk) ** (1 / chips).
        Raises RecipeError when ``most_answers_per_chip`` is too small to hold both risks.
        """
        most = decision.most_answers_per_chip
        lines = _lines(aim_of(decision, chips), most)
        if lines is None:
            raise RecipeError(
                f"decision.most_answers_per_chip: found {most}, expected enough answers to tell a hit "
                f"rate of {decision.good_hit_rate:g} from {decision.bad_hit_rate:g} at risks of "
                f"{decision.board_risk:g} a board and {decision.chip_risk:g} a bad chip; raise it"
            )
        return cls(lines)

    @classmethod
    def for_cores(cls, decision: Decision, cores: int) -> Self:
        """The test for every core of a board that has ``cores`` in all, sharing the board's risk.

        Raises RecipeError when ``core.most_answers`` is too small to hold both risks.
        """
        core = decision.core
        lines = _lines(Aim(
            core.good_hit_rate, core.bad_hit_rate, shared(decision.board_risk, cores), decision.chip_risk
        ), core.most_answers)
        if lines is None:
            raise RecipeError(
                f"decision.core.most_answers: found {core.most_answers}, expected enough answers to tell a "
                f"core of {core.good_hit_rate:g} from one of {core.bad_hit_rate:g}; raise it"
            )
        return cls(lines)

    def judge(self, trials: ArrayLike, hits: ArrayLike) -> NDArray[np.int8]:
        """ChipCall of each chip (or core) for its counts so far; shape of the counts. Forgets what it
        said before."""
        misses = _misses(trials, hits)
        calls = np.full(misses.shape, ChipCall.CONTINUE, dtype=np.int8)
        calls[misses <= self.lines.most_good(trials)] = ChipCall.GOOD
        calls[misses >= self.lines.least_bad(trials)] = ChipCall.BAD
        return calls

    def settle(self, trials: ArrayLike, hits: ArrayLike) -> NDArray[np.int8]:
        """As ``judge``, for when no more answers will come.

        A chip with at least half of the most answers is called by the last word; its risks are then
        larger than stated. One with fewer stays CONTINUE.
        """
        calls = self.judge(trials, hits)
        enough = (calls == ChipCall.CONTINUE) & (2 * np.asarray(trials) >= self.lines.most)
        above = _misses(trials, hits) > self.lines.slope * np.asarray(trials) + self.lines.last_gap
        calls[enough] = np.where(above, ChipCall.BAD, ChipCall.GOOD).astype(np.int8)[enough]
        return calls


def aim_of(decision: Decision, chips: int) -> Aim:
    """What each of ``chips`` is told by, its trials being as uncertain as they are."""
    unsure = decision.trial_uncertainty
    return Aim(
        decision.good_hit_rate * (1.0 - unsure), decision.bad_hit_rate * (1.0 + unsure),
        shared(decision.board_risk, chips), decision.chip_risk,
    )


def shared(risk: float, parts: int) -> float:
    """The risk of each of ``parts`` that together have ``risk``."""
    return -math.expm1(math.log1p(-risk) / parts)


@lru_cache(maxsize=32)
def _lines(aim: Aim, most: int) -> Lines | None:
    """A tenth of a second's work; a run and a study ask for few."""
    return calibrated(aim, most)


def _misses(trials: ArrayLike, hits: ArrayLike) -> NDArray[np.int64]:
    """Late hits never count below no miss."""
    misses: NDArray[np.int64] = np.maximum(0, np.asarray(trials) - np.asarray(hits))
    return misses


class ChipTracker:
    """Latched calls of all chips of a board: the first GOOD or BAD of a chip stands.

    ``calls``: (chips,) ChipCall; ``decided_at``: (chips,) trials at the decision, 0 while open.
    """

    def __init__(self, test: SequentialTest, chips: int) -> None:
        self.test = test
        self.calls: NDArray[np.int8] = np.full(chips, ChipCall.CONTINUE, dtype=np.int8)
        self.decided_at: NDArray[np.int64] = np.zeros(chips, dtype=np.int64)

    @property
    def done(self) -> bool:
        """Whether every chip is decided."""
        return not bool(np.any(self.calls == ChipCall.CONTINUE))

    @property
    def bad(self) -> NDArray[np.intp]:
        """Indices of the chips called BAD."""
        return np.flatnonzero(self.calls == ChipCall.BAD)

    def update(self, trials: ArrayLike, hits: ArrayLike) -> NDArray[np.int8]:
        """Take cumulative counts, shapes (chips,), and return the latched calls."""
        return self._latch(self.test.judge(trials, hits), trials)

    def settle(self, trials: ArrayLike, hits: ArrayLike) -> NDArray[np.int8]:
        """As ``update``, for when no more answers will come; see SequentialTest.settle."""
        return self._latch(self.test.settle(trials, hits), trials)

    def _latch(self, calls: NDArray[np.int8], trials: ArrayLike) -> NDArray[np.int8]:
        fresh = (self.calls == ChipCall.CONTINUE) & (calls != ChipCall.CONTINUE)
        self.calls[fresh] = calls[fresh]
        self.decided_at[fresh] = np.asarray(trials)[fresh]
        return self.calls.copy()
