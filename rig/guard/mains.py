"""The guard's hand on a PDU's outlet watchdog: armed before an output goes on, fed while it may be on.

All of it runs in a thread of its own: a PDU is slow, and the supply must be read meanwhile. When the
process is dead, or its mind stands still, nobody feeds, and the outlet goes off.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from rig.errors import InstrumentError, RigError, Role
from rig.guard.rules import SlotRules
from rig.instruments.pdu import Mains

_SHARE = 0.25                                   # of the watchdog's time, between two feeds


class OutletWatch:
    """``seconds`` the fixture file names. ``look`` shows the rules under their lock, and the time."""

    def __init__(
        self,
        seconds: float,
        find_outlet: Callable[[], Mains | None],
        look: Callable[[Callable[[SlotRules, float], bool]], bool],
        note: Callable[[str], None],
    ) -> None:
        self._seconds, self._find_outlet, self._look, self._note = seconds, find_outlet, look, note
        self._armed: Mains | None = None
        self._failing = False

    def arm(self) -> None:
        """Armed and read back. Raises InstrumentError."""
        outlet = self._find_outlet()
        if outlet is None:
            raise InstrumentError(Role.SUPPLY, "found no PDU to arm the watchdog of, expected one")
        outlet.watch(self._seconds)
        self._armed, self._failing = outlet, False
        self._note(f"watchdog of outlet {outlet.number} armed, {self._seconds:g} s")

    def feed(self) -> float:
        """One round: feed, or disarm when the slot is proved off; seconds until the next."""
        outlet = self._armed
        if outlet is None:
            return self._seconds * _SHARE
        safe = self._look(lambda rules, _now: rules.state.safe)
        if safe or self._look(lambda rules, now: rules.awake(now)):
            self._tell(outlet, 0.0 if safe else self._seconds)
        return self._seconds * _SHARE

    def _tell(self, outlet: Mains, seconds: float) -> None:
        try:
            outlet.watch(seconds)
        except RigError as error:
            if not self._failing:
                self._note(f"watchdog of outlet {outlet.number} not fed: {error}")
            self._failing = True
            return
        self._failing = False
        if not seconds:
            self._armed = None
            self._note(f"watchdog of outlet {outlet.number} disarmed")


class RelayEdges:
    """When the next edge is due for a relay that the bridge keeps closed, and since when it is closed."""

    def __init__(self) -> None:
        self.high = False
        self._edge_at = self._closed_at = -math.inf

    def due(self, seconds: float, now: float) -> bool:
        """Whether one is, of a relay that opens ``seconds`` after the last."""
        return now - self._edge_at >= seconds * _SHARE * 0.5

    def given(self, seconds: float, now: float) -> None:
        """An edge was given; after a pause it closed the relay."""
        if now - self._edge_at >= seconds:
            self._closed_at = now
        self.high, self._edge_at = not self.high, now

    def closed_for(self, now: float) -> float:
        """Seconds since the relay closed; infinity when no edge was ever given."""
        return now - self._closed_at


def pause_for(seconds: float) -> float:
    """The longest pause between two looks that feed a watchdog of ``seconds``."""
    return seconds * _SHARE
