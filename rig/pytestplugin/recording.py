"""A golden board at work on a pack's jobs, so that its answers make a pack."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rig.bm13xx.sweep import version_space_seconds
from rig.errors import FileError, UsageError
from rig.pytestplugin.figures import WorkFigures
from rig.pytestplugin.judge import Facts, Seen
from rig.pytestplugin.workload import FULL_ZERO_BITS, Workload
from rig.recipe import PlanFolder
from rig.work.issue import Issue
from rig.work.openpack import open_pack, without_answers
from rig.work.pack import Pack, check_pack, load_pack
from rig.work.packformat import NAME_PATTERN
from rig.work.rates import natural_rate, pack_rates
from rig.work.recording import Recording

MODULE = "record_golden.py"         # beside the plan's own modules; its steps take the burn-in's place
REPLACED = "test_burn_in"
WHOLE_SHARE = 0.98                  # of a job's time that a pass must have had
SPARE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to record: answers that come in ``least`` of ``passes`` through ``jobs`` jobs.

    Without ``jobs`` all of ``jobs_from``, or as many fresh ones of ``name`` as the recipe's decision
    needs. Raises UsageError for numbers that make no sense.
    """

    name: str
    passes: int
    least: int
    jobs_from: Path | None = None
    jobs: int | None = None

    def __post_init__(self) -> None:
        if re.fullmatch(NAME_PATTERN, self.name) is None:
            raise UsageError(
                f"--name: found {self.name!r}, expected 1 to 60 letters, digits, dots, dashes or underscores"
            )
        if not 1 <= self.least <= self.passes:
            raise UsageError(f"--least: found {self.least}, expected 1 to {self.passes}, the passes")
        if self.jobs is not None and self.jobs < 1:
            raise UsageError(f"--jobs: found {self.jobs}, expected 1 or more")


class Recorder:
    """The rule of a recording: on until every job had its passes; it calls no chip.

    ``rates`` (chips,): answers a second of a perfect chip, of which it has ``expected_answers`` to all
    jobs in the ``swept_seconds`` until it begins each of them anew.
    """

    def __init__(self, facts: Facts, wanted: Wanted, rates: NDArray[np.float64]) -> None:
        self.job_seconds = facts.recipe.full_pattern.job_seconds
        self.swept_seconds = min(self.job_seconds, version_space_seconds(facts.product.sweep_length))
        self.expected_seconds = wanted.passes * facts.pack.jobs * self.job_seconds
        self.longest_seconds = self.expected_seconds * 1.1 + SPARE_SECONDS
        self.recording = Recording(
            facts.pack, wanted.passes, wanted.least, WHOLE_SHARE * self.job_seconds
        )
        self.expected_answers = rates * self.swept_seconds * facts.pack.jobs

    def close(self, issue: Issue) -> None:
        """Take an issue that is over."""
        self.recording.close(issue)

    def done(self, seen: Seen) -> bool:
        return self.recording.done or seen.tick.seconds >= self.longest_seconds

    def call(self, found: WorkFigures) -> WorkFigures:
        return found


class RecordedWork:
    """Makes the workload of a recording; ``recorder`` is there once the run has begun."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self.recorder: Recorder | None = None

    def __call__(self, plan: PlanFolder, *, simulated: bool) -> Workload:
        """Raises UsageError or FileError when these jobs are not for this board."""
        module = plan.lookup.steps / MODULE
        if not module.is_file():
            raise FileError(module, "", "no such file", f"the steps that record a {plan.product.product}")
        mhz = plan.recipe.levels[0].mhz
        known = self._known_jobs(plan, simulated=simulated)
        pack = self._fresh_jobs(plan) if known is None else without_answers(
            known, self._wanted.jobs or known.jobs, mhz
        )
        silicon = known if simulated else None
        return Workload(pack, {}, rule=self._rule(silicon), instead=module)

    def _rule(self, silicon: Pack | None) -> Callable[[Facts, Path], Recorder]:
        """``silicon``: all that the board's chips can answer, if they are simulated ones."""
        def rule(facts: Facts, _file: Path) -> Recorder:
            rates = facts.rates
            if silicon is not None:
                rates = pack_rates(silicon, facts.mhz, facts.recipe.ticket_zero_bits)
            self.recorder = Recorder(facts, self._wanted, rates)
            return self.recorder

        return rule

    def _known_jobs(self, plan: PlanFolder, *, simulated: bool) -> Pack | None:
        path = self._wanted.jobs_from
        own = plan.lookup.file(plan.product.simulated_silicon.pack)
        if path is None:
            if simulated:
                raise UsageError(
                    f"--jobs-from: found none, expected a pack with the jobs of {own}: simulated silicon "
                    "answers no others"
                )
            return None
        pack = load_pack(path)
        check_pack(pack, plan.product, path)
        if self._wanted.jobs is not None and self._wanted.jobs > pack.jobs:
            raise FileError(path, "jobs", str(pack.jobs), f"{self._wanted.jobs} or more, as --jobs asks for")
        if simulated:
            silicon = {row.tobytes() for row in load_pack(own).templates}
            if not all(row.tobytes() in silicon for row in pack.templates):
                raise FileError(
                    path, "templates", "jobs of another pack",
                    f"jobs of {own}: simulated silicon answers no others",
                )
        return pack

    def _fresh_jobs(self, plan: PlanFolder) -> Pack:
        recipe, silicon = plan.recipe, plan.product.silicon
        bits = FULL_ZERO_BITS if silicon is None else silicon.required_zero_bits
        mhz = recipe.levels[0].mhz
        one = open_pack(plan.product, self._wanted.name, 1, bits, mhz)
        each = natural_rate(one.model, mhz, bits + recipe.ticket_zero_bits) * recipe.job_seconds
        enough = math.ceil(1.05 * recipe.decision.most_answers_per_chip / each)
        return open_pack(plan.product, self._wanted.name, self._wanted.jobs or enough, bits, mhz)


class InsteadOfBurnIn:
    """A pytest plug-in: the steps of ``module`` come in place of the burn-in and of all after it."""

    def __init__(self, module: Path) -> None:
        self._module = module

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        names = [item.name for item in items]
        end = names.index(REPLACED) if REPLACED in names else len(items)
        own = [item for item in items if item.path.name == self._module.name]
        items[:] = [item for item in items[:end] if item not in own] + own
