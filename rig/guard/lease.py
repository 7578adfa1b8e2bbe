"""A worker's hold on a slot, and a check's on its supply."""

from __future__ import annotations

from dataclasses import dataclass

from rig.guard import envelope as limits
from rig.guard.envelope import ENVELOPES, Cause, Demand, Envelope
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
    tripped_at: float = 0.0
    looks: int = 0                              # at the pins, since it tripped

    def allowed(self, started: float) -> Envelope:
        """The envelope a reading begun at ``started`` is held to; a narrower one needs its time."""
        allowed = ENVELOPES.get(self.phase, ENVELOPES[Phase.COLD])
        if started < self.entered_at + limits.SETTLE_SECONDS:
            return max(allowed, ENVELOPES.get(self.before, allowed), key=lambda one: one.most_amps)
        return allowed

    def in_doubt(self, now: float) -> bool:
        """Whether the cause of its trip may still turn out to be another."""
        if self.trip is None or self.trip.code not in (Cause.CURRENT_DROP, Cause.CURRENT_GONE):
            return False
        return self.looks < limits.DOUBT_LOOKS and now - self.tripped_at < limits.DOUBT_SECONDS

    def stuck(self, now: float) -> str | None:
        """Why it has not kept its time, if it has not."""
        if self.deadline is None:
            return "live without a phase"
        if now >= self.deadline:
            return f"phase {self.phase.value} was not over in its {self.announced:g} s; the run is stuck"
        return None


@dataclass(slots=True)
class Loan:
    """A check's hold on a supply: it lives by beats, and for so long at most."""

    holder: Holder
    beat_at: float
    ends_at: float

    def __str__(self) -> str:
        return f"a check (process {self.holder.pid})"
