"""To which level does a board go? Two ways, both the incumbent's, as states that are told and ask.

Levels in order: the first at which no chip is bad wins; if none, the first at which at least the board
as a whole holds, and that is no clean pass. Sweep: every chip's clock is raised step by step and frozen
at the last at which it was good; their average, less a guard band, finds the level.

Rules as the S21 Pro's own test program has them (HashSource/bitmain_antminer_binaries, S21pro,
get_result, sw_sweep, sw_nomalize_matrix, match_level). Between levels a board stays warm and powered.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Self

from rig.recipe.clock_sweep import ClockSweep
from rig.recipe.recipe import Level

# ---- levels in order


class Standard(Enum):
    """How a board did at one level."""

    STRICT = "every chip and the board"
    LOOSE = "the board, but not every chip"
    NONE = "not even the board"


def standard_of(*, bad_chips: int, board_rate: float, least_board_rate: float) -> Standard:
    """NaN, a rate that is not known, is none."""
    if not board_rate >= least_board_rate:
        return Standard.NONE
    return Standard.LOOSE if bad_chips else Standard.STRICT


@dataclass(frozen=True, slots=True)
class LevelSearch:
    """``levels`` in the order they are tried; ``found`` at those that were."""

    levels: tuple[Level, ...]
    found: tuple[Standard, ...] = ()

    @property
    def next(self) -> Level | None:
        """The level to try now; None when the search is over."""
        if self.found[-1:] == (Standard.STRICT,) or len(self.found) == len(self.levels):
            return None
        return self.levels[len(self.found)]

    def tried(self, standard: Standard) -> LevelSearch:
        """What was found at ``next``. Raises ValueError when the search is over."""
        if self.next is None:
            raise ValueError("found a result of a search that is over, expected none")
        return replace(self, found=(*self.found, standard))

    @property
    def graded(self) -> tuple[Level, Standard] | None:
        """The board's level and by which standard; None while the search goes on, or if it has none."""
        if self.next is not None:
            return None
        for standard in (Standard.STRICT, Standard.LOOSE):
            if standard in self.found:
                return self.levels[self.found.index(standard)], standard
        return None


class Move(Enum):
    """One part of the way from level to level, on a live board."""

    VOLTS = "volts"
    CLOCK = "clock"


def moves(now: Level, then: Level) -> tuple[Move, ...]:
    """What to change, in order: a clock goes up on volts that carry it, and comes down before them."""
    wanted = (Move.VOLTS, Move.CLOCK) if then.mhz > now.mhz else (Move.CLOCK, Move.VOLTS)
    changes = {Move.VOLTS: then.volts != now.volts, Move.CLOCK: then.mhz != now.mhz}
    return tuple(move for move in wanted if changes[move])


# ---- sweep


@dataclass(frozen=True, slots=True)
class SweepRules:
    """The incumbent's figures. ``flex_mhz``: the guard band, tested above what is stored.

    ``float_share``: how far a chip may run above the slowest; ``accepted_rate``: the board's at the
    last clocks that count.
    """

    step_mhz: float = 6.25
    flex_mhz: float = 15.0
    float_share: float = 0.25
    above_mhz: float = 25.0                 # the range ends so much over the highest level, flex included
    least_board_rate: float = 0.995
    accepted_rate: float = 0.98
    hottest_celsius: float = 62.0

    @classmethod
    def of(cls, sweep: ClockSweep) -> Self:
        """As a recipe has them."""
        return cls(
            step_mhz=sweep.step_mhz, flex_mhz=sweep.flex_mhz, float_share=sweep.float_share,
            above_mhz=sweep.above_mhz, least_board_rate=sweep.least_board_rate,
            accepted_rate=sweep.accepted_rate, hottest_celsius=sweep.hottest_celsius,
        )


class Stop(Enum):
    """Why a sweep ended."""

    BOARD_RATE = "board rate"
    BALANCE = "domains out of balance"
    HEAT = "too hot"
    RANGE_END = "end of the range"
    ALL_FROZEN = "every chip frozen"
    TIME = "out of time"


@dataclass(frozen=True, slots=True)
class SweepLook:
    """What one round at the chips' clocks showed. ``good``: (chips,)."""

    good: tuple[bool, ...]
    board_rate: float
    balanced: bool
    hottest_celsius: float

    def stop(self, rules: SweepRules) -> Stop | None:
        """What forbids to go on; a figure that is NaN does."""
        if not self.board_rate >= rules.least_board_rate:
            return Stop.BOARD_RATE
        if not self.balanced:
            return Stop.BALANCE
        return None if self.hottest_celsius < rules.hottest_celsius else Stop.HEAT


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep on its way. ``mhz``: each chip's clock for the next round; ``best``: the last at which it
    was good, NaN before; ``power_cycle``: the next round repeats the last one after a cold start."""

    rules: SweepRules
    end_mhz: float
    mhz: tuple[float, ...]
    best: tuple[float, ...]
    frozen: tuple[bool, ...]
    board_rate: float = math.nan
    power_cycle: bool = False
    retried: bool = False
    stop: Stop | None = field(default=None)

    @staticmethod
    def begin(levels: Sequence[Level], chips: int, rules: SweepRules) -> Sweep:
        """All chips at the lowest level's clock and the guard band over it."""
        clocks = [level.mhz for level in levels]
        start = min(clocks) + rules.flex_mhz
        end = min(max(clocks) + rules.flex_mhz + rules.above_mhz, start * (1.0 + rules.float_share))
        return Sweep(rules, end, (start,) * chips, (math.nan,) * chips, (False,) * chips)

    def seen(self, look: SweepLook) -> Sweep:
        """The next round, or the end. Raises ValueError after it, and for a look at other chips."""
        if self.stop is not None or len(look.good) != len(self.mhz):
            raise ValueError(
                f"found a look at {len(look.good)} chips, expected one at {len(self.mhz)}, before the end"
            )
        stop = look.stop(self.rules)
        if stop is not None:
            if self.retried:
                return replace(self, stop=stop, power_cycle=False)
            return replace(self, power_cycle=True, retried=True)
        return self._raised(look)

    def out_of_time(self) -> Sweep:
        """Ended here: the clocks that were proved by now count."""
        return replace(self, stop=Stop.TIME, power_cycle=False)

    @property
    def most_rounds(self) -> int:
        """Looks from here to the end at most, the one that is repeated cold among them."""
        return math.ceil((self.end_mhz - min(self.mhz)) / self.rules.step_mhz) + 3

    def _raised(self, look: SweepLook) -> Sweep:
        frozen = tuple(
            was or not good for was, good in zip(self.frozen, look.good, strict=True)
        )
        best = tuple(
            old if froze else now for old, now, froze in zip(self.best, self.mhz, frozen, strict=True)
        )
        # a chip that was never good waits a step below the start, so that the others can be told
        waits = tuple(now - (0.0 if was else self.rules.step_mhz)
                      for now, was in zip(self.mhz, self.frozen, strict=True))
        held = tuple(
            wait if math.isnan(top) else top for wait, top in zip(waits, best, strict=True)
        )
        most = min(self.end_mhz, self._ceiling(held, frozen))
        clocks = tuple(
            top if froze or top + self.rules.step_mhz > most else top + self.rules.step_mhz
            for top, froze in zip(held, frozen, strict=True)
        )
        stop = None
        if clocks == self.mhz or all(frozen):
            stop = Stop.ALL_FROZEN if all(frozen) else Stop.RANGE_END
        return replace(
            self, mhz=clocks, best=best, frozen=frozen, board_rate=look.board_rate, power_cycle=False,
            stop=stop,
        )

    def _ceiling(self, held: tuple[float, ...], frozen: tuple[bool, ...]) -> float:
        """How far the others may run above the slowest that is frozen."""
        slowest = min((top for top, froze in zip(held, frozen, strict=True) if froze), default=math.inf)
        return slowest * (1.0 + self.rules.float_share)

    @property
    def failed(self) -> tuple[int, ...]:
        """Chips that were good at no clock they were looked at."""
        chips = zip(self.best, self.frozen, strict=True)
        return tuple(chip for chip, (top, froze) in enumerate(chips) if froze and math.isnan(top))

    @property
    def clocks(self) -> tuple[float, ...]:
        """Clocks to store: the best, none far above the slowest, less the guard band; NaN where a chip
        was never good."""
        known = [top for top in self.best if not math.isnan(top)]
        most = min(known, default=math.nan) * (1.0 + self.rules.float_share)
        return tuple(min(top, most) - self.rules.flex_mhz for top in self.best)

    def level(self, levels: Sequence[Level]) -> Level | None:
        """The first of ``levels`` that the whole MHz of the average clock carry; None for none.

        None, too, while the sweep goes on, if a chip was never good, or below the accepted rate.
        """
        average = math.fsum(self.clocks) / len(self.clocks)
        if self.stop is None or math.isnan(average) or not self.board_rate >= self.rules.accepted_rate:
            return None
        return next((level for level in levels if level.mhz <= math.floor(average)), None)
