"""The ways of judging a burn-in, one object each, chosen here by the recipe's mode."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from rig.bm13xx.sweep import BATCHES, batch_seconds
from rig.errors import FileError, RecipeError
from rig.pytestplugin.answers import SURE_TICKS
from rig.pytestplugin.figures import WorkFigures
from rig.pytestplugin.judge import Facts, Rule, Seen
from rig.recipe import Mode
from rig.verdict.measurement import Standing, standing
from rig.verdict.pattern import PatternFigures
from rig.verdict.poisson import RateTest
from rig.verdict.sequential import ChipCall
from rig.work.issue import GUARD_BATCHES
from rig.work.reach import within_reach
from rig.work.survey import per_sub_core

LOOK_SECONDS = 1.0


class Sequential:
    """Distinct known answers, chip by chip, as early as they allow."""

    def __init__(self, facts: Facts, file: Path) -> None:
        recipe, product, answers = facts.recipe, facts.product, len(facts.pack)
        if recipe.decision.most_answers_per_chip * product.chips > answers:
            raise FileError(
                file, "decision.most_answers_per_chip", str(recipe.decision.most_answers_per_chip),
                f"at most {answers // product.chips}, all the answers a chip has in the pack",
            )
        self.job_seconds = None
        self.expected_seconds = recipe.soak_seconds
        self.longest_seconds = max(recipe.decision.most_seconds, recipe.soak_seconds)

    def done(self, seen: Seen) -> bool:
        return seen.answers_done

    def call(self, found: WorkFigures) -> WorkFigures:
        return found


class FullPattern:
    """Every sub-core is asked for all its patterns, then the chips are called by the incumbent's limits."""

    def __init__(self, facts: Facts, file: Path) -> None:
        criteria = facts.recipe.full_pattern
        self._criteria, self._present, self._limits = criteria, facts.present, facts.limits
        self._looked = 0.0
        self.job_seconds = criteria.job_seconds
        self.longest_seconds = max(criteria.most_seconds, facts.recipe.soak_seconds)
        self._least_seconds = facts.recipe.soak_seconds
        whole = (BATCHES + GUARD_BATCHES + 1) * batch_seconds(facts.product.sweep_length)
        if criteria.job_seconds < whole:
            raise FileError(
                file, "full_pattern.job_seconds", f"{criteria.job_seconds:g}",
                f"at least {whole:.3f} s, until the last of a job's versions has been worked on",
            )
        self.expected_seconds = max(facts.recipe.soak_seconds, self._needed_seconds(facts, file))
        if self.expected_seconds > self.longest_seconds:
            raise FileError(
                file, "full_pattern.most_seconds", f"{criteria.most_seconds:g}",
                f"at least {self.expected_seconds:.0f} s for {criteria.patterns} patterns of every sub-core "
                f"with pack {facts.pack.name}, or a pack with more answers a sub-core",
            )

    def _needed_seconds(self, facts: Facts, file: Path) -> float:
        """For every sub-core's patterns, all jobs of the pack taken again and again."""
        pack, recipe = facts.pack, facts.recipe
        met = within_reach(pack, facts.mhz, recipe.ticket_zero_bits)
        rarest = int(per_sub_core(pack, met)[:, facts.present].min())
        if not rarest:
            raise FileError(
                file, "mode", Mode.FULL_PATTERN.value,
                f"a pack that asks every sub-core; some get no answer of {pack.name} at {facts.mhz:g} MHz",
            )
        passes = math.ceil(self._criteria.patterns / rarest)
        return passes * pack.jobs * self.job_seconds

    def done(self, seen: Seen) -> bool:
        seconds = seen.tick.seconds
        if seconds >= self.longest_seconds:
            return True
        if seconds < max(self._least_seconds, self._looked + LOOK_SECONDS):
            return False
        self._looked = seconds
        return int(seen.census.trials[:, self._present].min()) >= self._criteria.patterns

    def call(self, found: WorkFigures) -> WorkFigures:
        return WorkFigures(found.answers.called(self._calls(found.pattern)), found.pattern, found.rates)

    def _calls(self, pattern: PatternFigures) -> NDArray[np.int8]:
        calls = np.full(len(pattern.chip_rate), ChipCall.GOOD, dtype=np.int8)
        calls[pattern.short_sub_cores > 0] = ChipCall.CONTINUE
        for name, values in (
            ("bad_sub_cores", pattern.bad_sub_cores), ("pattern_chip_rate", pattern.chip_rate),
        ):
            spec = self._limits.measurements.get(name)
            if spec is not None and spec.limit is not None:
                outside = [standing(spec, value) is Standing.OUTSIDE for value in values.tolist()]
                calls[outside] = ChipCall.BAD
        return calls


class RandomWork:
    """Right answers a second against a perfect chip's; nothing need be known of them beforehand."""

    def __init__(self, facts: Facts, file: Path) -> None:
        recipe = facts.recipe
        self.job_seconds = None
        self.expected_seconds = self._least_seconds = recipe.soak_seconds
        self.longest_seconds = max(recipe.random_work.most_seconds, recipe.soak_seconds)
        counted = max(0.0, recipe.random_work.most_seconds - 2 * recipe.job_seconds - LOOK_SECONDS)
        most_expected = float(facts.rates.min()) * counted      # of jobs that are over by then
        try:
            self._test = RateTest.for_board(recipe.random_work, facts.product.chips, most_expected)
        except RecipeError as error:
            raise FileError(file, "random_work", "risks out of reach", str(error)) from error
        self._calls = np.full(facts.product.chips, ChipCall.CONTINUE, dtype=np.int8)
        self._sure_ticks = 0

    def done(self, seen: Seen) -> bool:
        now = self._test.judge(seen.rates.expected, seen.rates.genuine)
        still_open = self._calls == ChipCall.CONTINUE           # the first word on a chip stands
        self._calls[still_open] = now[still_open]
        self._sure_ticks += bool((self._calls == ChipCall.BAD).any())
        if self._sure_ticks >= SURE_TICKS or seen.tick.seconds >= self.longest_seconds:
            return True
        return not (self._calls == ChipCall.CONTINUE).any() and seen.tick.seconds >= self._least_seconds

    def call(self, found: WorkFigures) -> WorkFigures:
        slow = int((self._calls == ChipCall.BAD).sum())
        return WorkFigures(found.answers.called(self._calls.copy()), found.pattern, found.rates, slow)


_RULES: Mapping[Mode, Callable[[Facts, Path], Rule]] = MappingProxyType({
    Mode.SEQUENTIAL: Sequential, Mode.FULL_PATTERN: FullPattern, Mode.RANDOM_WORK: RandomWork,
})


def rule_for(facts: Facts, file: Path) -> Rule:
    """The rule of the recipe's mode. Raises FileError, naming ``file``, when it cannot be met."""
    return _RULES[facts.recipe.mode](facts, file)
