"""The first volts on a board: its reset held low, protection set and read back before the output."""

from __future__ import annotations

from rig.recipe import Recipe
from rig.slot import Phase, Protection, Side, Supply

COLD_SECONDS = 10.0


def cold_start(supply: Supply, side: Side, recipe: Recipe) -> None:
    """Output on at the recipe's first volts. Raises GuardError, GuardTrip, InstrumentError, BridgeError."""
    side.hold_reset()
    supply.enter(Phase.COLD, COLD_SECONDS)
    supply.on(recipe.sense_volts, Protection(recipe.over_volts, recipe.over_amps), recipe.cold_amps)
