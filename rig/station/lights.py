"""What the station asks of the stack lights: a tile's state in the few words a lamp has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rig.fixturefile import FixtureFile
from rig.guard.lights import Light
from rig.station.view import TileState, TileView

_WORDS: Mapping[TileState, Light] = {
    TileState.EMPTY: Light.DARK,
    TileState.READY: Light.GOOD,
    TileState.PASS: Light.GOOD,
    TileState.RUNNING: Light.BUSY,
    TileState.ACTION_NEEDED: Light.ACTION,
    TileState.MARGINAL: Light.ACTION,
    TileState.RETEST: Light.ACTION,
    TileState.NO_LINK: Light.ACTION,
    TileState.HOT: Light.HOT,
    TileState.FAIL: Light.BAD,
    TileState.STATION_FAULT: Light.BAD,
    TileState.STOPPED: Light.BAD,
}


def slots_with_lights(fixture: FixtureFile) -> frozenset[str]:
    """The slots whose pins name a lamp."""
    return frozenset(name for name, slot in fixture.slots.items() if slot.pins.lights)


def lights_of(tiles: Iterable[TileView]) -> dict[str, Light]:
    """What each slot's light should say; the guard has the last word."""
    return {tile.slot: _WORDS[tile.state] for tile in tiles}
