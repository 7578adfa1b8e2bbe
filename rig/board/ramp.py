"""The hash clock, stepped up from idle: a jump would drop the volts of the whole stack at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rig.bm13xx import pll
from rig.bm13xx.commands import WriteRegister
from rig.bm13xx.registers import Register
from rig.board.bring_up import BringUp
from rig.board.commanding import Commander
from rig.errors import RecipeError
from rig.recipe import Level, Product, Recipe
from rig.slot import Slot


@dataclass(frozen=True, slots=True)
class RampTick:
    """The clock after a step; ``seconds`` since the ramp began."""

    seconds: float
    mhz: float


def ramp(
    slot: Slot, product: Product, recipe: Recipe, level: Level, bring_up: BringUp
) -> Iterator[RampTick]:
    """Step all chips' clocks from idle to the level's, one tick a step.

    Refuses at once (RecipeError, nothing sent) when the bring-up was not complete: hashing half a
    series stack destroys the other half. Raises LinkError while stepping.
    """
    if not bring_up.complete:
        raise RecipeError(
            f"clock ramp to {level.mhz:g} MHz: the chain answered {bring_up.counts} of {product.chips} "
            "chips; a clock beyond idle needs the full count, so stop the run and judge the count"
        )
    if not max(product.idle_mhz, pll.LOWEST_MHZ) <= level.mhz <= pll.HIGHEST_MHZ:
        raise RecipeError(
            f"level {level.level}: found {level.mhz:g} MHz, expected {product.idle_mhz:g} (idle) to "
            f"{pll.HIGHEST_MHZ:g} MHz; correct the recipe"
        )
    return _steps(slot, product, recipe, level)


def glide(slot: Slot, recipe: Recipe, now_mhz: float, then_mhz: float) -> Iterator[RampTick]:
    """Step all chips' clocks from ``now_mhz`` to ``then_mhz``, up or down, one tick a step.

    For a chain that runs at the one and not at work meanwhile. Raises LinkError.
    """
    commander, started = Commander(slot), slot.clock.now()
    count = math.ceil(abs(then_mhz - now_mhz) / recipe.ramp.step_mhz)
    for k in range(1, count + 1):
        mhz = now_mhz + (then_mhz - now_mhz) * k / count
        write = WriteRegister(Register.PLL0_PARAMETER, pll.encode(mhz))
        commander.send(write, pause=recipe.ramp.step_seconds)
        yield RampTick(slot.clock.now() - started, mhz)


def steps_of(product: Product, recipe: Recipe, level: Level) -> list[float]:
    """The clocks, MHz, that a ramp to ``level`` passes; the last is the level's own."""
    idle, step = product.idle_mhz, recipe.ramp.step_mhz
    count = math.ceil((level.mhz - idle) / step)
    return [min(idle + step * k, level.mhz) for k in range(1, count + 1)]


def _steps(slot: Slot, product: Product, recipe: Recipe, level: Level) -> Iterator[RampTick]:
    commander = Commander(slot)
    started = slot.clock.now()
    for mhz in steps_of(product, recipe, level):
        write = WriteRegister(Register.PLL0_PARAMETER, pll.encode(mhz))
        commander.send(write, pause=recipe.ramp.step_seconds)
        yield RampTick(slot.clock.now() - started, mhz)
