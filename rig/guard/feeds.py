"""One breaker of the mains: what its slots may take together, and that they do not start at once."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from rig.errors import GuardError
from rig.fixturefile import FeedEntry


class Feed:
    """Books watts a slot may take, from its ``on`` until it is no longer live. Safe from any thread.

    A slot is expected to take its set volts times its current limit: more it cannot.
    ``is_live`` tells whether a slot's output is or may be on.
    """

    def __init__(self, name: str, entry: FeedEntry, is_live: Callable[[str], bool]) -> None:
        self.name = name
        self._entry = entry
        self._is_live = is_live
        self._lock = threading.Lock()
        self._booked: dict[str, float] = {}
        self._went_on = -math.inf

    def book(self, slot: str, watts: float) -> None:
        """``watts`` for a slot that is live, instead of what it had. Raises GuardError beyond the budget."""
        with self._lock:
            others = {one: had for one, had in self._booked.items() if one != slot and self._is_live(one)}
            if math.fsum(others.values()) + watts > self._entry.watts:
                raise GuardError(
                    f"feed {self.name}: found {watts:.0f} W asked for by {slot} beside "
                    f"{math.fsum(others.values()):.0f} W of {', '.join(others) or 'nobody'}, "
                    f"expected at most {self._entry.watts:.0f} W together "
                    f"(80 % of {self._entry.amps:g} A at {self._entry.volts:g} V, less the supplies' "
                    "loss); wait until another slot is off"
                )
            self._booked = others | {slot: watts}

    def turn(self, now: float) -> float:
        """Seconds until the next slot may go on; 0 is leave to go on, which is given once."""
        with self._lock:
            left = self._went_on + self._entry.gap_seconds - now
            if left > 0:
                return left
            self._went_on = now
            return 0.0
