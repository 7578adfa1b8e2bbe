"""Whether a recipe's clock sweep can be done: with these chips, this pack, in its time. Before power."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from rig.bm13xx import pll
from rig.errors import FileError, RecipeError
from rig.pytestplugin.judge import Facts
from rig.recipe import PlanFolder
from rig.verdict.fixed import FixedTest
from rig.verdict.levels import Sweep, SweepRules
from rig.work.rates import pack_rates
from rig.work.reach import within_reach

ROUND_SECONDS = 1.0             # of a round, beside its settling and its answers: clocks, rounding to ticks


def check_sweep(plan: PlanFolder) -> None:
    """Clocks that the PLL gives, and risks within reach. Raises FileError."""
    recipe, file = plan.recipe, plan.lookup.file("recipe.yaml")
    if recipe.sweep is None:
        return
    begin = Sweep.begin(recipe.levels, 1, SweepRules.of(recipe.sweep))
    lowest = begin.mhz[0] - recipe.sweep.step_mhz           # where a chip waits that failed at the start
    least = max(plan.product.idle_mhz, pll.LOWEST_MHZ)
    if lowest < least or begin.end_mhz > pll.HIGHEST_MHZ:
        raise FileError(
            file, "sweep", f"clocks of {lowest:g} to {begin.end_mhz:g} MHz",
            f"{least:g} to {pll.HIGHEST_MHZ:g} MHz, which the chips' PLL gives",
        )
    try:
        FixedTest.of(recipe.sweep.good_hit_rate, recipe.sweep.bad_hit_rate, recipe.sweep.risk)
    except RecipeError as error:
        raise FileError(file, "sweep", "risks out of reach", str(error)) from error


def check_sweep_work(facts: Facts, file: Path) -> None:
    """Answers enough in the pack, and time for all rounds. Raises FileError naming ``file``."""
    recipe, sweep, pack = facts.recipe, facts.recipe.sweep, facts.pack
    if sweep is None:
        return
    begin = Sweep.begin(recipe.levels, facts.product.chips, SweepRules.of(sweep))
    lowest = begin.mhz[0] - sweep.step_mhz
    asked = FixedTest.of(sweep.good_hit_rate, sweep.bad_hit_rate, sweep.risk).answers
    met = within_reach(pack, lowest, recipe.ticket_zero_bits)
    fewest = int(np.bincount(pack.chip_index[met], minlength=pack.chips).min())
    if fewest < asked:
        raise FileError(
            file, "sweep", f"a look that asks each chip {asked} known answers",
            f"at most {fewest}, all that a chip can give of pack {pack.name} at {lowest:g} MHz",
        )
    each = asked / float(pack_rates(pack, lowest, recipe.ticket_zero_bits).min())
    seconds = begin.most_rounds * (each + sweep.settle_seconds + ROUND_SECONDS)
    if seconds > sweep.most_seconds:
        raise FileError(
            file, "sweep.most_seconds", f"{sweep.most_seconds:g}",
            f"at least {math.ceil(seconds)} s: {begin.most_rounds} rounds from {begin.mhz[0]:g} to "
            f"{begin.end_mhz:g} MHz, {asked} answers a chip in each",
        )
