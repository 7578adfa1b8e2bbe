"""The guard's mind: one slot as a pure state machine. Inputs and a time in, orders and trips out.

The output may be live only while a lease lives, its beats and its phase's deadline hold, no trip
is latched and every safety input is fresh and good. Anything else orders it off, and only a
read-back below one volt with the output off and the discharge relay at rest makes the slot safe.
"""

from __future__ import annotations

from rig.errors import BridgeError, GuardError, GuardTrip, InstrumentError, Role
from rig.guard import envelope as limits
from rig.guard.envelope import ENVELOPES, Cause, Demand, Envelope, check_demand
from rig.guard.lease import Holder, Lease
from rig.guard.power import Order, Orders, Power, PowerState
from rig.guard.watch import Fans, PinLevels, Thermometers, Trip, supply_problem
from rig.slot import Phase, SupplyReading


class SlotRules:
    """One slot. Not thread-safe: its owner serialises. Times are of one monotonic clock."""

    def __init__(self, now: float) -> None:
        self._notes: list[tuple[str, str]] = []
        self.state = PowerState(now, self._note)
        self.lease: Lease | None = None
        self.last_trip: Trip | None = None
        self.supply: SupplyReading | None = None
        self.supply_fault: str | None = "not reached yet"
        self.pins: PinLevels | None = None
        self.bridge_fault: str | None = "not reached yet"
        self.thermometers = Thermometers()
        self.fans = Fans()
        self.supply_at = self._pins_at = self._celsius_at = now

    @property
    def power(self) -> Power:
        return self.state.state

    def take_notes(self) -> list[tuple[str, str]]:
        """Transitions since the last call: (what, why)."""
        notes = self._notes[:]
        self._notes.clear()
        return notes

    # -- the worker asks ----------------------------------------------------------------------

    def grant(self, holder: Holder, now: float) -> None:
        """A lease on a slot that is free, safe and in order; the caller has just looked at it.

        Raises GuardError (held, or not safe), BridgeError, InstrumentError, or GuardTrip with the
        code of an open e-stop or lid or an empty fixture.
        """
        if self.lease is not None:
            raise GuardError(f"the slot is leased by {self.lease.holder}; wait for it or stop it")
        if self.bridge_fault is not None or self.pins is None:
            raise BridgeError(f"no lease: {self.bridge_fault}; check the fixture bridge")
        problem = self.pins.problem()
        if problem is not None:
            raise GuardTrip(problem.code, problem.reason)
        if self.supply_fault is not None:
            raise InstrumentError(Role.SUPPLY, f"no lease: {self.supply_fault}")
        if not self.state.safe:
            raise GuardError(f"no lease: found the slot {self.power.value}{self.volts_said()}, expected safe")
        self.lease = Lease(holder, beat_at=now)
        self.last_trip = None
        self._note("leased", str(holder))

    def beat(self, token: str, now: float) -> None:
        if self.lease is not None and self.lease.holder.token == token:
            self.lease.beat_at = now

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

    def enter(self, token: str, phase: Phase, seconds: float, now: float) -> Orders:
        """A phase is announced with its deadline. Raises GuardError beyond the envelope."""
        lease = self.require(token)
        if phase is Phase.OFF:
            lease.phase, lease.deadline = phase, None
            return self.off("phase off was announced", now)
        allowed = ENVELOPES[phase]
        if not 0 < seconds <= allowed.most_seconds:
            raise GuardError(
                f"phase {phase.value}: found {seconds:g} s, expected at most {allowed.most_seconds:g} s"
            )
        if self.state.live and lease.demand is not None:
            check_demand(lease.demand, phase)
        if phase is Phase.HASHING and not self.thermometers.seen:
            return self._trip(Trip(Cause.SENSOR_NONE, "no board sensor answers, so nothing may hash"), now)
        if phase is not lease.phase:
            lease.before, lease.phase, lease.entered_at = lease.phase, phase, now
            self._note("phase", phase.value)
        lease.deadline, lease.announced = now + seconds, seconds
        return ()

    def allow_on(self, token: str, demand: Demand, now: float) -> bool:
        """Permission to switch on or to reconfigure; from here on the slot counts as live.

        True when the output was off before. Raises GuardError, GuardTrip or InstrumentError.
        """
        lease = self.require(token)
        if lease.deadline is None or now >= lease.deadline:
            raise GuardError("on: found no phase with time left, expected one announced with enter()")
        if self.supply_fault is not None:
            raise InstrumentError(Role.SUPPLY, self.supply_fault)
        if self.power not in (Power.SAFE, Power.LIVE):
            raise GuardError(f"on: found the slot {self.power.value}{self.volts_said()}, expected safe")
        if self.bridge_fault is not None:
            raise BridgeError(self.bridge_fault)
        check_demand(demand, lease.phase)
        fresh = self.state.safe
        lease.demand = demand
        if fresh:
            self.state.go_live(now)
            self.supply_at = self._pins_at = self._celsius_at = now
        return fresh

    def allow_volts(self, token: str, volts: float) -> None:
        """Permission to move a live set point. Raises GuardError or GuardTrip."""
        lease = self.require(token)
        if not self.state.live or lease.demand is None:
            raise GuardError("volts: found the output off, expected it on; switch it on first")
        demand = Demand(volts, lease.demand.limit_amps, lease.demand.protection)
        check_demand(demand, lease.phase)
        lease.demand = demand

    def may_be_live(self, token: str) -> bool:
        """Asked once more in the instant before the output is switched on."""
        return self.state.live and self.holds(token)

    def powered(self, now: float) -> None:
        """The output was confirmed on."""
        self.state.powered_at = now

    def off(self, reason: str, now: float) -> Orders:
        """Off by an order that is no trip."""
        if self.state.safe:
            return ()
        if self.lease is not None:
            self.lease.demand, self.lease.deadline = None, None
        return self.state.stop(reason, now)

    def end(self, token: str, reason: str, now: float, *, lost: bool) -> Orders:
        """The lease is given back, or its holder is gone; a live slot goes off either way."""
        if not self.holds(token):
            return ()
        self._note("lease lost" if lost else "released", reason)
        if lost and self.state.live:
            self.last_trip = Trip(Cause.GUARD, reason)
        self.lease = None
        return self.off(reason, now)

    def trip(self, code: Cause, reason: str, now: float) -> Orders:
        """Off for a cause the owner found, latched for the lease."""
        return self._trip(Trip(code, reason), now)

    # -- the world is seen --------------------------------------------------------------------

    def saw_supply(self, reading: SupplyReading, started: float, now: float) -> Orders:
        """A whole read-back whose first question was asked at ``started``."""
        self.supply, self.supply_fault, self.supply_at = reading, None, now
        if not self.state.live:
            return self.state.saw_supply(reading, started, now)
        on_since = self.state.powered_at
        powered = on_since is not None and started >= on_since
        problem = supply_problem(reading, self._allowed(started), powered=powered)
        return self._trip(problem, now) if problem else ()

    def lost_supply(self, text: str, now: float) -> Orders:
        """Two questions in a row went unanswered, or nobody answers at the address."""
        news = self.supply_fault is None
        self.supply_fault, self.supply = text, None
        if news:
            self._note("supply lost", text)
        if self.state.live:
            return self._trip(Trip(Cause.SUPPLY, text), now)
        return self.state.lost_supply(now) if news else ()

    def saw_output_off(self) -> Orders:
        """The supply read its output back as off."""
        self.supply_fault = None
        return self.state.saw_output_off()

    def saw_pins(self, pins: PinLevels, now: float) -> Orders:
        found = self.bridge_fault is not None
        self.pins, self.bridge_fault, self._pins_at = pins, None, now
        problem = pins.problem()
        if self.state.live:
            return self._trip(problem, now) if problem else ()
        return (Order.REST,) if found else ()

    def lost_bridge(self, text: str, now: float) -> Orders:
        if self.bridge_fault is None:
            self._note("bridge lost", text)
        self.bridge_fault, self.pins, self.state.at_rest = text, None, False
        return self._trip(Trip(Cause.BRIDGE, text), now) if self.state.live else ()

    def saw_celsius(self, celsius: tuple[float | None, ...], now: float) -> Orders:
        self._celsius_at = now
        problem = self.thermometers.take(celsius)
        return self._trip(problem, now) if problem and self.state.live else ()

    def saw_fans(self, rpm: tuple[float, ...] | None, now: float) -> Orders:
        if not self.state.live:
            self.fans.slow_since = None
            return ()
        problem = self.fans.take(rpm, now)
        return self._trip(problem, now) if problem else ()

    def tick(self, now: float) -> Orders:
        """Time passed. To be called at least thirty times a second."""
        lease = self.lease
        if lease is not None and lease.trip is None and now - lease.beat_at > limits.BEAT_SECONDS:
            return self._trip(Trip(Cause.GUARD, f"no beat from {lease.holder} for a second"), now)
        if not self.state.live:
            return self.state.tick(now)
        problem = self._overdue(now)
        return self._trip(problem, now) if problem else ()

    def volts_said(self) -> str:
        """The last volts read, as the end of a sentence."""
        if self.supply is None or not self.supply.volts.ok:
            return ", volts unknown"
        return f", {self.supply.volts.value:.2f} V at the supply"

    # -- inside -------------------------------------------------------------------------------

    def _trip(self, trip: Trip, now: float) -> Orders:
        """Latch the first cause, and off."""
        if self.lease is None or self.lease.trip is None:
            self.last_trip = trip
            self._note("trip", f"{trip.code}: {trip.reason}")
        if self.lease is not None and self.lease.trip is None:
            self.lease.trip = trip
        return self.off(trip.code, now) if self.state.live else ()

    def _overdue(self, now: float) -> Trip | None:
        lease = self.lease
        if lease is None or lease.deadline is None:
            return Trip(Cause.GUARD, "live without a lease or a phase")
        if now >= lease.deadline:
            said = f"phase {lease.phase.value} was not over in its {lease.announced:g} s; the run is stuck"
            return Trip(Cause.GUARD, said)
        if now - self._pins_at > limits.PINS_SECONDS:
            return Trip(Cause.BRIDGE, "the safety inputs were not read in time")
        if now - self.supply_at > limits.SUPPLY_SECONDS:
            return Trip(Cause.SUPPLY, "the supply was not read in time")
        if self.thermometers.seen and now - self._celsius_at > limits.TEMPERATURES_SECONDS:
            return Trip(Cause.BRIDGE, "the board's sensors were not read in time")
        return None

    def _allowed(self, started: float) -> Envelope:
        """The envelope a reading begun at ``started`` is held to; a narrower one needs its time."""
        lease = self.lease
        phase = lease.phase if lease else Phase.COLD
        allowed = ENVELOPES.get(phase, ENVELOPES[Phase.COLD])
        if lease is not None and started < lease.entered_at + limits.SETTLE_SECONDS:
            before = ENVELOPES.get(lease.before, allowed)
            return max(allowed, before, key=lambda one: one.most_amps)
        return allowed

    def _note(self, what: str, why: str) -> None:
        self._notes.append((what, why))
