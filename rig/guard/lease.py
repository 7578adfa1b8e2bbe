"""A worker's hold on a slot."""

from __future__ import annotations

from dataclasses import dataclass

from rig.guard.envelope import Demand
from rig.guard.watch import Trip
from rig.slot import Phase


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease."""

    run: str
    pid: int
    token: str

    def __str__(self) -> str:
        return f"run {self.run} (process {self.pid})"


@dataclass(slots=True)
class Lease:
    """Liveness (beats) and progress (a deadline a phase). A trip stays until the lease ends."""

    holder: Holder
    beat_at: float
    phase: Phase = Phase.OFF
    before: Phase = Phase.OFF                   # the phase the present one followed
    entered_at: float = 0.0
    deadline: float | None = None
    announced: float = 0.0                      # seconds the present phase was announced for
    demand: Demand | None = None
    trip: Trip | None = None
