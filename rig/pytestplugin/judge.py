"""Watches a burn-in: always for known answers, and by the mode's own rule for when to stop."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rig.bm13xx.models import ChipModel
from rig.board import BurnInTick
from rig.pytestplugin.answers import AnswerJudge, answer_figures
from rig.pytestplugin.figures import RateFigures, WorkFigures
from rig.recipe import Limits, Product, Recipe
from rig.verdict.pattern import pattern_figures
from rig.work.census import Census
from rig.work.ledger import Ledger, Tally
from rig.work.pack import SUB_CORE_MASK, Pack
from rig.work.rates import natural_rate, pack_rates


@dataclass(frozen=True)
class Facts:
    """What a board is judged on: the plan's data, the pack, the clock of its chips in MHz."""

    product: Product
    recipe: Recipe
    limits: Limits
    model: ChipModel
    pack: Pack
    mhz: float
    simulated: bool

    @cached_property
    def rates(self) -> NDArray[np.float64]:
        """(chips,) right answers a second of a perfect chip. Simulated silicon knows its pack only."""
        ticket = self.recipe.ticket_zero_bits
        if self.simulated:
            return pack_rates(self.pack, self.mhz, ticket)
        rate = natural_rate(self.model, self.mhz, self.pack.required_zero_bits + ticket)
        return np.full(self.product.chips, rate)

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """(cores, 16) the sub-cores that are there."""
        return np.array([
            [self.model.has(core, sub_core) for sub_core in range(SUB_CORE_MASK + 1)]
            for core in range(self.model.cores)
        ])


@dataclass(frozen=True)
class Seen:
    """One look at a burn-in; what it costs to count is counted when asked for.

    ``answers_done``: whether the known answers alone would stop it now.
    """

    tick: BurnInTick
    answers_done: bool
    facts: Facts
    ledger: Ledger

    @cached_property
    def census(self) -> Census:
        return self.ledger.census()

    @cached_property
    def rates(self) -> RateFigures:
        """Of the jobs that are over: theirs have all come, and their time is known to the block."""
        whole = 1.0 - _damaged_share(self.tick.tally)
        expected = self.facts.rates * self.census.seconds * whole
        return RateFigures(self.census.genuine, expected)


class Rule(Protocol):
    """One mode's rule for one burn-in.

    ``job_seconds`` that each job is kept, None for as long as the recipe says; ``expected_seconds``
    and ``longest_seconds`` of the burn-in.
    """

    @property
    def job_seconds(self) -> float | None: ...

    @property
    def expected_seconds(self) -> float: ...

    @property
    def longest_seconds(self) -> float: ...

    def done(self, seen: Seen) -> bool:
        """Whether enough is known. Asked at every tick."""
        ...

    def call(self, found: WorkFigures) -> WorkFigures:
        """The figures with this mode's calls of the chips."""
        ...


class WorkJudge:
    """Judges one burn-in by a rule; ``ledger`` is the book it is booked in."""

    def __init__(self, facts: Facts, rule: Rule, ledger: Ledger) -> None:
        self._facts, self._rule, self._ledger = facts, rule, ledger
        self._answers = AnswerJudge(facts.product, facts.recipe)

    @property
    def expected_seconds(self) -> float:
        """How long a good board takes."""
        return self._rule.expected_seconds

    @property
    def longest_seconds(self) -> float:
        """After so long it stops in any case."""
        return self._rule.longest_seconds

    def done(self, tick: BurnInTick) -> bool:
        """Take a tick; whether to stop."""
        return self._rule.done(Seen(tick, self._answers.done(tick), self._facts, self._ledger))

    def figures(self) -> WorkFigures:
        """What it all came to. Raises RuntimeError before a tick."""
        facts = self._facts
        answers = answer_figures(self._answers, facts.product, facts.mhz, facts.model.positions)
        last = self._answers.last
        if last is None:
            raise RuntimeError("found no tick, expected the judge to have watched a burn-in")
        seen = Seen(last, True, facts, self._ledger)
        if not len(facts.pack):
            answers = answers.of_tally(seen.rates.as_trials(answers.tally, seen.census.repeats))
        pattern = pattern_figures(
            seen.census.trials, seen.census.hits, facts.present, facts.recipe.full_pattern,
            facts.product.chips_per_domain,
        )
        return self._rule.call(WorkFigures(answers, pattern, seen.rates))


def _damaged_share(tally: Tally) -> float:
    """Share of all replies that came damaged: sent, but nobody could hash them."""
    damaged = tally.excused + tally.unnamed
    return damaged / max(1, tally.answers + damaged)
