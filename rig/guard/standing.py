"""What is known of a slot, who holds it, and how it is switched off: the ground the rules stand on. Pure."""

from __future__ import annotations

from collections.abc import Callable

from rig.errors import GuardError, GuardTrip
from rig.guard import envelope as limits
from rig.guard.aftermath import Aftermath
from rig.guard.current import CurrentFloor
from rig.guard.envelope import Bounds, Cause
from rig.guard.latch import Release
from rig.guard.lease import Lease, Loan
from rig.guard.lights import StackLight
from rig.guard.power import Orders, Power, PowerState
from rig.guard.watch import Fans, PinLevels, Thermometers, Trip
from rig.slot import Phase, SupplyReading, Unload


class Standing:
    """Not thread-safe: its owner serialises. Times are of one monotonic clock.

    ``stamp`` gives the wall clock's time for what people read; ``name`` is the slot's.
    """

    def __init__(
        self, now: float, bounds: Bounds = Bounds(), *, name: str = "slot",
        stamp: Callable[[], str] = lambda: "an unknown time",
    ) -> None:
        self._notes: list[tuple[str, str]] = []
        self._bounds = bounds
        self.state = PowerState(now, self._note)
        self.after = Aftermath(name, bounds, stamp, self._note)
        self.floor = CurrentFloor()
        self.lease: Lease | None = None
        self.loan: Loan | None = None
        self._taken_back = "never lent"         # why the last loan ended
        self.claims = 0                         # runs that wait for a lease just now
        self.last_trip: Trip | None = None
        self.supply: SupplyReading | None = None
        self.supply_fault: str | None = "not reached yet"
        self.pins: PinLevels | None = None
        self.bridge_fault: str | None = "not reached yet"
        self.thermometers = Thermometers(bounds.kelvin_per_second)
        self.fans = Fans()
        self.light = StackLight()
        self._ticked_at = now
        self.supply_at = self._pins_at = self._celsius_at = now

    @property
    def power(self) -> Power:
        return self.state.state

    @property
    def taken(self) -> bool:
        """Whether a run or a check has the slot."""
        return self.lease is not None or self.loan is not None

    @property
    def settled(self) -> bool:
        """Whether a run has announced settled work: the lower bound of current holds."""
        return self.lease is not None and self.lease.phase is Phase.HASHING

    def awake(self, now: float) -> bool:
        """Whether these rules are still asked what time it is: no watchdog is fed for a sleeping guard."""
        return now - self._ticked_at < limits.AWAKE_SECONDS

    def take_notes(self) -> list[tuple[str, str]]:
        """Transitions since the last call: (what, why)."""
        notes = self._notes[:]
        self._notes.clear()
        return notes

    def beat(self, token: str, now: float) -> None:
        for held in (self.lease, self.loan):
            if held is not None and held.holder.token == token:
                held.beat_at = now

    def holds(self, token: str) -> bool:
        return self.lease is not None and self.lease.holder.token == token

    def require(self, token: str) -> Lease:
        """The caller's lease, good for work. Raises GuardTrip when it tripped, GuardError when gone."""
        lease = self.lease
        if lease is None or lease.holder.token != token:
            why = f" ({self.last_trip.reason})" if self.last_trip else ""
            raise GuardError(f"no lease on the slot{why}; start the run anew")
        if lease.trip is not None:
            raise GuardTrip(lease.trip.code, lease.trip.reason)
        return lease

    def in_doubt(self, token: str, now: float) -> bool:
        """Whether the caller's lease tripped for a cause that may yet turn out to be another."""
        return self.lease is not None and self.holds(token) and self.lease.in_doubt(now)

    def off(self, reason: str, now: float) -> Orders:
        """Off by an order that is no trip."""
        if self.state.safe:
            return ()
        self.loan, self._taken_back = None, reason
        if self.lease is not None:
            self.lease.demand, self.lease.deadline = None, None
        return self.state.stop(reason, now)

    def trip(self, code: Cause, reason: str, now: float) -> Orders:
        """Off for a cause the owner found, latched for the lease."""
        return self._trip(Trip(code, reason), now)

    def release(self, release: Release) -> str:
        """What a named person answers for; it never restores power. Returns what was released.

        Raises GuardError when there is nothing to release, or not yet.
        """
        if self.lease is not None:
            raise GuardError(f"release: the slot is leased by {self.lease.holder}; end the run first")
        if self.loan is not None:
            raise GuardError(f"release: the slot's supply is lent to {self.loan}; wait for it")
        return self.after.release(release, self.state, self.pins, self.supply)

    def unload(self, now: float) -> Unload:
        """Whether a hand may take the board out."""
        return self.after.gate.look(self.supply, self.thermometers.hottest, now)

    def new_board(self) -> None:
        """Another board may stand there: what the last one's sensors said is no measure."""
        self.thermometers = Thermometers(self._bounds.kelvin_per_second)

    def volts_said(self) -> str:
        """The last volts read, as the end of a sentence."""
        if self.supply is None or not self.supply.volts.ok:
            return ", volts unknown"
        return f", {self.supply.volts.value:.2f} V at the supply"

    def _trip(self, trip: Trip, now: float) -> Orders:
        """Latch the first cause, and off."""
        if self.lease is None or self.lease.trip is None:
            self.last_trip = trip
            self._note("trip", f"{trip.code}: {trip.reason}")
        if self.lease is not None and self.lease.trip is None:
            self.lease.trip, self.lease.tripped_at = trip, now
        return self.off(trip.code, now) if self.state.live else ()

    def _note(self, what: str, why: str) -> None:
        self._notes.append((what, why))
