"""What stands in the mains before one supply: the PDU's outlet and, on some benches, a watchdog relay.

Either opens by itself when nobody feeds its watchdog in time. An outlet that went off stays off until
somebody switches it on; the relay, a retriggerable one-shot, closes again with the next edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(slots=True)
class MainsPath:
    """``relay_seconds``: how long after an edge the relay stays closed; None: there is none."""

    relay_seconds: float | None = None
    outlet: bool = True
    _watch_seconds: float = 0.0            # of the outlet's watchdog; 0: not armed
    _watched_at: float = 0.0
    _edge_at: float = -math.inf
    _level: bool = False

    def switch(self, *, on: bool) -> None:
        """The outlet, by order."""
        self.outlet = on

    def watch(self, seconds: float, now: float) -> None:
        """Arm the outlet's watchdog, or feed it; 0 disarms."""
        self._watch_seconds, self._watched_at = seconds, now

    def drive(self, now: float, *, high: bool) -> None:
        """The relay's input; only a change of level counts."""
        if high is not self._level:
            self._level, self._edge_at = high, now

    def settle(self, now: float) -> bool:
        """Open what was not fed in time; whether the supply has mains."""
        if self._watch_seconds and now - self._watched_at >= self._watch_seconds:
            self.outlet, self._watch_seconds = False, 0.0
        return self.outlet and self.closed(now)

    def closed(self, now: float) -> bool:
        """Whether the relay is, as its second contact tells; true where there is none."""
        return self.relay_seconds is None or now - self._edge_at < self.relay_seconds

    @property
    def watch_seconds(self) -> float:
        """What the outlet's watchdog is armed with; 0 when it is not."""
        return self._watch_seconds

    def left(self, now: float) -> float:
        """Seconds until something opens if nobody feeds it."""
        outlet = self._watched_at + self._watch_seconds - now if self._watch_seconds else math.inf
        relay = math.inf
        if self.relay_seconds is not None and self.closed(now):
            relay = self._edge_at + self.relay_seconds - now
        return max(0.0, min(outlet, relay))
