"""The stack light of a slot: what it may say, by what the guard knows and the station asks. Pure.

Colours have the sense of IEC 60204-1 and 60073: red danger, amber abnormal or take care, green normal.
What flashes wants somebody, or a hand kept away.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rig.guard.power import Power
from rig.slotentry import Colour

if TYPE_CHECKING:
    from rig.guard.standing import Standing

SILENT_SECONDS = 3.0            # without its word the station counts as gone
HALF_PERIOD_SECONDS = 0.5       # of what flashes


class Light(StrEnum):
    """What a light says."""

    DARK = "dark"               # nothing to say
    GOOD = "good"               # green: ready, or passed
    BUSY = "busy"               # amber: at work, the board is or may be live
    ACTION = "action"           # amber, flashing: waits for a person
    BAD = "bad"                 # red: failed, a fault, stopped
    HOT = "hot"                 # red, flashing: do not touch


_LAMPS = {
    Light.DARK: None, Light.GOOD: Colour.GREEN, Light.BUSY: Colour.AMBER, Light.ACTION: Colour.AMBER,
    Light.BAD: Colour.RED, Light.HOT: Colour.RED,
}
_FLASHING = (Light.ACTION, Light.HOT)


def lamp_at(light: Light, now: float) -> Colour | None:
    """The lamp that is lit at this moment; None: all are dark."""
    if light in _FLASHING and int(now / HALF_PERIOD_SECONDS) % 2:
        return None
    return _LAMPS[light]


@dataclass(slots=True)
class StackLight:
    """The station's last word on a slot's light, and what is wrong with its lamps.

    ``wired``: the fixture file names a pin for one; ``fault`` of the lamps is an alarm and no trip;
    ``over``: the guard ends, and nobody will keep the lamps true.
    """

    wired: bool = False
    fault: str | None = None
    over: bool = False
    _asked: Light | None = None
    _asked_at: float = 0.0

    def ask(self, light: Light, now: float) -> None:
        """The station's word; it holds for a few seconds."""
        self._asked, self._asked_at = light, now

    def lamp(self, standing: Standing, now: float) -> Colour | None:
        """The lamp that is to be lit now. What a guard leaves behind is steady, and never green."""
        if self.over:
            danger = _danger(standing, now)
            return None if danger is None else _LAMPS[danger]
        return lamp_at(self.shown(standing, now), now)

    def shown(self, standing: Standing, now: float) -> Light:
        """What it says now. The guard's own knowledge of danger goes before any word of the station's."""
        danger = _danger(standing, now)
        if danger is not None:
            return danger
        if self._asked is None:                     # a bench that is run without a station
            return Light.BUSY if standing.taken else Light.DARK
        if now - self._asked_at > SILENT_SECONDS:
            return Light.ACTION
        if standing.taken and self._asked in (Light.DARK, Light.GOOD):
            return Light.BUSY                       # no hand may go in, whatever a station thinks
        faulty = standing.supply_fault is not None
        return Light.ACTION if faulty and self._asked is Light.GOOD else self._asked


def _danger(standing: Standing, now: float) -> Light | None:
    """What must be said whatever a station asks; None where nothing must."""
    if standing.power is Power.HOT:
        return Light.HOT
    if standing.power is not Power.SAFE:
        return Light.BUSY
    if not standing.unload(now).safe:
        return Light.HOT
    pins = standing.pins
    stopped = standing.after.latch is not None or (pins is not None and not pins.estop_closed)
    return Light.BAD if stopped else None
