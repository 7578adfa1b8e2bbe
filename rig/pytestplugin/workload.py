"""What a board is set to work on in a run, and by which rule its burn-in ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rig.datafile import digest
from rig.pytestplugin.judge import Facts, Rule
from rig.pytestplugin.modes import rule_for
from rig.recipe import Mode, PlanFolder
from rig.work.openpack import open_pack
from rig.work.pack import Pack, check_pack, load_pack

FULL_ZERO_BITS = 32             # of real silicon: it returns nothing weaker


@dataclass(frozen=True, slots=True)
class Workload:
    """Jobs for a board, and what makes the rule of one run; FileError when it cannot be met.

    ``hashes`` name the files it is made of. ``instead``: a module whose steps take the place of the
    plan's step test_burn_in and all after it.
    """

    pack: Pack
    hashes: Mapping[str, str]
    rule: Callable[[Facts, Path], Rule] = rule_for
    instead: Path | None = None


def planned(plan: PlanFolder, *, simulated: bool) -> Workload:
    """The plan's own work: its pack, or fresh jobs for random work on real silicon."""
    if plan.recipe.mode is Mode.RANDOM_WORK and not simulated:
        return Workload(_fresh_jobs(plan), {})
    path = plan.pack_path(simulated=simulated)
    pack = load_pack(path)
    check_pack(pack, plan.product, path)
    return Workload(pack, {path.name: digest(path)})


def _fresh_jobs(plan: PlanFolder) -> Pack:
    """Jobs enough that none comes twice in a run."""
    recipe, silicon = plan.recipe, plan.product.silicon
    seconds = recipe.soak.timeout_seconds + max(recipe.random_work.most_seconds, recipe.soak_seconds)
    jobs = math.ceil(seconds / recipe.job_seconds) + 2
    bits = FULL_ZERO_BITS if silicon is None else silicon.required_zero_bits
    return open_pack(plan.product, "random-work", jobs, bits, recipe.levels[0].mhz)
