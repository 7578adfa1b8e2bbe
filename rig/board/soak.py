"""Warm the board up under its own work until its hottest sensor sits in the band."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rig.board.keeper import Warmth, WarmthKeeper
from rig.recipe import Recipe
from rig.slot import Slot

HOLD_SECONDS = 3.0              # in the band for so long, and at least so many readings, is warm
HOLD_READINGS = 6
HOT_SECONDS = 15.0              # above the band for so long with full fans: it will not come down


@dataclass(frozen=True, slots=True)
class SoakTick:
    """One round of warming up. ``seconds`` since the soak began; the last tick says whether it is warm.

    ``celsius`` of every sensor, ``hottest`` of those that answered (None: none did).
    """

    seconds: float
    celsius: tuple[float | None, ...]
    hottest: float | None
    fan_share: float
    warm: bool


def soak(slot: Slot, recipe: Recipe, keeper: WarmthKeeper) -> Iterator[SoakTick]:
    """Ticks until the hottest sensor held the band; the last has ``warm``, or not at the timeout
    nor when full fans cannot bring it down.

    A board none of whose sensors answers cannot be soaked: fans go to full and the first tick is
    the last. Raises what ``WarmthKeeper.round`` raises.
    """
    started = slot.clock.now()
    in_band_since: float | None = None
    hot_since: float | None = None
    readings = 0
    while True:
        warmth = keeper.round()
        now = slot.clock.now()
        if _in_band(warmth.hottest, recipe):
            in_band_since = now if in_band_since is None else in_band_since
            readings += 1
        else:
            in_band_since, readings = None, 0
        if not _beyond_fans(warmth, recipe):
            hot_since = None
        elif hot_since is None:
            hot_since = now
        too_hot = hot_since is not None and now - hot_since >= HOT_SECONDS
        held = 0.0 if in_band_since is None else now - in_band_since
        warm = held >= HOLD_SECONDS and readings >= HOLD_READINGS
        seconds = now - started
        yield SoakTick(seconds, warmth.celsius, warmth.hottest, warmth.fan_share, warm)
        if warm or too_hot or warmth.hottest is None or seconds >= recipe.soak.timeout_seconds:
            return


def _beyond_fans(warmth: Warmth, recipe: Recipe) -> bool:
    top = recipe.soak.target_celsius + recipe.soak.band_celsius
    return warmth.hottest is not None and warmth.hottest > top and warmth.fan_share >= 1.0


def _in_band(hottest: float | None, recipe: Recipe) -> bool:
    soak_recipe = recipe.soak
    return hottest is not None and abs(hottest - soak_recipe.target_celsius) <= soak_recipe.band_celsius
