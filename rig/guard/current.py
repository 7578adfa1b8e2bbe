"""The lower bound of a hashing board's current: what falls without an order is a break. Pure."""

from __future__ import annotations

from rig.guard import envelope as limits
from rig.guard.envelope import Cause
from rig.guard.watch import Trip


class CurrentFloor:
    """Follows a slow change, trips on a sudden one; silent until a step has had its time.

    ``usual``: amps the board drew over the last seconds, None while a step is under way.
    """

    def __init__(self) -> None:
        self.usual: float | None = None
        self._armed_at = 0.0
        self._seen_at = 0.0

    def step_ordered(self, now: float) -> None:
        """Volts, clock or reset are moved by an order: what was usual is no measure any longer."""
        self.usual, self._armed_at = None, now + limits.STEP_SECONDS

    def take(self, amps: float, started: float) -> Trip | None:
        """A reading of a settled phase whose first question was asked at ``started``."""
        if started < self._armed_at:
            return None
        usual, self._seen_at, before = self.usual, started, self._seen_at
        if usual is None:
            self.usual = amps
            return None
        if usual >= limits.LEAST_WATCHED_AMPS and amps < usual * (1 - limits.DROP_SHARE):
            return Trip(
                Cause.CURRENT_GONE if amps < limits.GONE_AMPS else Cause.CURRENT_DROP,
                f"the board's current fell from {usual:.1f} A to {amps:.1f} A while hashing, "
                "without an order",
            )
        share = min(1.0, (started - before) / limits.USUAL_SECONDS)
        self.usual = usual + (amps - usual) * share
        return None
