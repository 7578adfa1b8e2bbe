"""Hash clocks: each chip's own, and all of them back to idle."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rig.bm13xx import pll
from rig.bm13xx.chain import ChainLayout
from rig.bm13xx.commands import WriteRegister
from rig.bm13xx.registers import Register
from rig.board.commanding import Commander
from rig.board.ramp import RampTick
from rig.board.work_stream import WorkStream
from rig.errors import RecipeError
from rig.recipe import Product, Recipe
from rig.slot import Slot

CHIP_SECONDS = 0.002            # between two chips' writes: a frame takes 35 us at the fast baud
DOWN_MHZ, DOWN_SECONDS = 50.0, 0.02


def set_clocks(
    slot: Slot, product: Product, mhz: Sequence[float], before: Sequence[float] | None = None
) -> int:
    """Give every chip its own hash clock, (chips,) in chain order; returns how many were written.

    Chips that have theirs already by ``before`` are left alone. Steps are the caller's to keep small:
    a jump drops the volts of the whole stack. Raises RecipeError for clocks that do not fit the board
    or the PLL (nothing is sent), LinkError.
    """
    if len(mhz) != product.chips:
        raise RecipeError(f"clocks of chips: found {len(mhz)}, expected {product.chips}, one a chip")
    odd = [one for one in mhz if not pll.LOWEST_MHZ <= one <= pll.HIGHEST_MHZ]
    if odd:
        raise RecipeError(
            f"clock of a chip: found {odd[0]:g} MHz, expected {pll.LOWEST_MHZ:g} to {pll.HIGHEST_MHZ:g} MHz"
        )
    commander = Commander(slot)
    layout = ChainLayout(product.chips, product.address_interval)
    for chip, wanted in enumerate(mhz):
        if before is None or before[chip] != wanted:
            write = WriteRegister(Register.PLL0_PARAMETER, pll.encode(wanted), layout.address(chip))
            commander.send(write, pause=CHIP_SECONDS)
    return commander.register_writes


def walk_clocks(
    slot: Slot, product: Product, recipe: Recipe, stream: WorkStream, now: Sequence[float],
    then: Sequence[float],
) -> Iterator[RampTick]:
    """Move every chip's clock of a board at work from ``now`` to ``then``, (chips,) each; one tick a step.

    No chip moves further than the ramp's step at a time, and those there already wait. ``mhz`` of a
    tick is their mean. Raises what ``set_clocks`` raises.
    """
    started, step = slot.clock.now(), recipe.ramp.step_mhz
    while list(now) != list(then):
        before = now
        now = [
            wanted if abs(wanted - mhz) <= step else mhz + math.copysign(step, wanted - mhz)
            for mhz, wanted in zip(now, then, strict=True)
        ]
        set_clocks(slot, product, now, before)
        stream.pass_time(recipe.ramp.step_seconds)
        yield RampTick(slot.clock.now() - started, math.fsum(now) / len(now))


def ramp_down(slot: Slot, product: Product, mhz: float) -> Iterator[RampTick]:
    """Step all chips' clocks from ``mhz`` down to idle, one tick a step; less load needs less care.

    Raises LinkError.
    """
    commander = Commander(slot)
    started = slot.clock.now()
    while mhz > product.idle_mhz:
        mhz = max(product.idle_mhz, mhz - DOWN_MHZ)
        commander.send(WriteRegister(Register.PLL0_PARAMETER, pll.encode(mhz)), pause=DOWN_SECONDS)
        yield RampTick(slot.clock.now() - started, mhz)
