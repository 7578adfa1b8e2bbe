"""Known answers, judged as they come: when enough is known, and what they say in the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rig.board import BurnInTick
from rig.recipe import Product, Recipe
from rig.verdict.cores import cores_decided, dead_cores, outside, weak_cores
from rig.verdict.cusum import Watch
from rig.verdict.gaps import Gaps, GapWatch
from rig.verdict.sequential import ChipCall, ChipTracker, SequentialTest
from rig.verdict.wire import less_lost, loss_share
from rig.work.ledger import Tally

SURE_TICKS = 3              # after a chip is found bad: time to see whether the chain broke there
ERROR_SHARE = 0.01          # wrong answers a known answer; a sound chip has a ten-thousandth


class AnswerJudge:
    """Feeds each tick to the sequential test and, once a chip is accepted, to the watch.

    ``decided_seconds``: when the last chip was decided; None while some are open.
    """

    def __init__(self, product: Product, recipe: Recipe) -> None:
        self._recipe = recipe
        self._test = SequentialTest.for_board(recipe.decision, product.chips)
        self._tracker = ChipTracker(self._test, product.chips)
        self._watch = Watch(recipe.decision, product.chips)
        self._gap_watch = GapWatch(product.chips)
        self._sure_ticks = 0
        self.decided_seconds: float | None = None
        self.last: BurnInTick | None = None

    @property
    def calls(self) -> NDArray[np.int8]:
        """ChipCall of each chip by the sequential test; (chips,)."""
        return self._tracker.calls

    @property
    def alarmed(self) -> NDArray[np.bool_]:
        """Chips that the watch saw turn bad after they had been accepted; (chips,)."""
        return self._watch.alarmed

    @property
    def gaps(self) -> Gaps:
        """Moments in which most chips lost answers at once."""
        return self._gap_watch.gaps

    def done(self, tick: BurnInTick) -> bool:
        """Take a tick; whether to stop: all judged and the soak served, or a bad chip is sure."""
        self.last = tick
        tally, lost = tick.tally, lost_share(tick.tally)
        calls = self._tracker.update(less_lost(tally.trials, lost), tally.hits)
        self._watch.update(less_lost(tally.passed, lost), tally.returned, calls == ChipCall.GOOD)
        self._gap_watch.update(tally.passed, tally.returned)
        if self._tracker.done and self.decided_seconds is None:
            self.decided_seconds = tick.seconds
        bad = (calls == ChipCall.BAD) | self._watch.alarmed
        located = cores_decided(tally.core_trials)
        self._sure_ticks += bool(bad.any() and located[bad].all())
        if self._sure_ticks >= SURE_TICKS:
            return True
        if tick.seconds >= self._recipe.decision.most_seconds:
            return True
        return bool(self._tracker.done and located.all() and tick.seconds >= self._recipe.soak_seconds)

    def weak_chips(self, tally: Tally, dead: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Chips that are bad for spread misses: those of dead cores are not counted; (chips,)."""
        lost = lost_share(tally)
        trials, hits = less_lost(outside(tally.core_trials, dead), lost), outside(tally.core_hits, dead)
        with_dead = dead.any(axis=1)
        apart = self._test.settle(trials, hits)
        calls = self._tracker.settle(less_lost(tally.trials, lost), tally.hits)
        called = np.where(with_dead, apart, calls) == ChipCall.BAD
        return np.asarray(called | (self._watch.alarmed & ~with_dead))


    def weak_cores(self, tally: Tally) -> NDArray[np.bool_]:
        """Cores that are bad by a test of their own, on chips whose other cores are not; (chips, cores)."""
        return weak_cores(self._recipe.decision, tally.core_trials, tally.core_hits)


@dataclass(frozen=True, slots=True)
class AnswerFigures:
    """What the known answers came to. Arrays have one element a chip, ``dead`` and ``weak_cores`` one
    a core."""

    tally: Tally
    calls: NDArray[np.int8]
    alarmed: NDArray[np.bool_]
    weak: NDArray[np.bool_]
    dead: NDArray[np.bool_]
    weak_cores: NDArray[np.bool_]
    gaps: Gaps
    seconds: float
    decided_seconds: float | None
    perfect_terahash_per_second: float

    @property
    def board_rate(self) -> float:
        """Share of the board's known answers that came back; NaN when none was due."""
        return _board_rate(self.tally)

    @property
    def terahash_per_second(self) -> float:
        """What the board hashed: all that its clock gives, times its rate."""
        return self.perfect_terahash_per_second * self.board_rate

    def called(self, calls: NDArray[np.int8]) -> AnswerFigures:
        """The same counts, with the chips called by another rule than the sequential test and the watch."""
        return replace(self, calls=calls, alarmed=np.zeros(len(calls), dtype=np.bool_))

    def of_tally(self, tally: Tally) -> AnswerFigures:
        """The same look, over other counts."""
        return replace(self, tally=tally)

    @property
    def error_chips(self) -> NDArray[np.bool_]:
        """Chips whose misses are wrong answers; a weak chip returns a few of its misses wrong too."""
        tally = self.tally
        missed = tally.passed - tally.returned
        return np.asarray((tally.wrong > ERROR_SHARE * tally.passed) & (2 * tally.wrong >= missed))

    def measurements(self) -> Iterator[tuple[str, tuple[float, ...]]]:
        """Name and values of each measurement they make."""
        tally = self.tally
        yield "chip_hit_rate", _share(tally.hits, tally.trials)
        yield "dead_cores", tuple(float(count) for count in self.dead.sum(axis=1))
        yield "weak_cores", tuple(float(count) for count in self.weak_cores.sum(axis=1))
        yield "weak_chips", (float(self.weak.sum()),)
        yield "hardware_error_rate", _share(tally.wrong, tally.passed)
        yield "error_chips", (float(self.error_chips.sum()),)
        yield "stale_rate", _share(tally.stale, tally.passed)
        yield "repeat_rate", _share(tally.duplicate, tally.passed)
        yield "board_hit_rate", (self.board_rate,)
        if self.decided_seconds is not None:
            yield "decision_seconds", (self.decided_seconds,)
        yield "answers_per_second", (tally.answers / self.seconds if self.seconds else float("nan"),)


def answer_figures(judge: AnswerJudge, product: Product, mhz: float, sub_cores: int) -> AnswerFigures:
    """Sum up a burn-in. ``sub_cores``: hashes a clock of one chip. Raises RuntimeError before a tick."""
    last = judge.last
    if last is None:
        raise RuntimeError("found no tick, expected the judge to have watched a burn-in")
    tally = last.tally
    dead = dead_cores(tally.core_trials, tally.core_hits)
    weak = judge.weak_chips(tally, dead)
    return AnswerFigures(
        tally=tally, calls=judge.calls.copy(), alarmed=judge.alarmed.copy(), weak=weak, dead=dead,
        weak_cores=judge.weak_cores(tally), gaps=judge.gaps,
        seconds=last.seconds, decided_seconds=judge.decided_seconds,
        perfect_terahash_per_second=mhz * sub_cores * product.chips / 1e6,
    )


def lost_share(tally: Tally) -> float:
    """Share of the replies that the wire damaged beyond recognition: no chip's misses."""
    return loss_share(tally.answers, tally.excused, tally.unnamed)


def _board_rate(tally: Tally) -> float:
    trials, hits = int(tally.trials.sum()), int(tally.hits.sum())
    due = max(hits, int(less_lost(trials, lost_share(tally))))
    return hits / due if due else float("nan")


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> tuple[float, ...]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return tuple(float(value) for value in np.asarray(part) / np.asarray(whole))
