"""The guard's mind: one slot as a pure state machine. Inputs and a time in, orders and trips out.

The output may be live only while a lease lives, its beats and its phase's deadline hold, no trip
is latched and every safety input is fresh and good. Anything else orders it off, and only a
read-back below one volt with the output off and the discharge relay at rest makes the slot safe.
An e-stop outlives the lease: none is granted until a named person has released it.
"""

from __future__ import annotations

from rig.errors import BridgeError, GuardError, GuardTrip, InstrumentError, Role
from rig.guard import envelope as limits
from rig.guard.envelope import ENVELOPES, Cause, Demand, check_demand
from rig.guard.lease import Holder, Lease
from rig.guard.loan import Lending
from rig.guard.power import Order, Orders, Power
from rig.guard.watch import PinLevels, Trip, supply_problem
from rig.slot import Phase, SupplyReading


class SlotRules(Lending):
    """One slot: what its worker may do, and what follows from what is seen of it."""

    # -- the worker asks ----------------------------------------------------------------------

    def grant(self, holder: Holder, now: float) -> None:
        """A lease on a slot that is free, safe and in order; the caller has just looked at it.

        Raises GuardError (held, or not safe), BridgeError, InstrumentError, or GuardTrip with the
        code of an open e-stop or lid or an empty fixture.
        """
        self.require_free()
        if self.bridge_fault is not None or self.pins is None:
            raise BridgeError(f"no lease: {self.bridge_fault}; check the fixture bridge")
        problem = self.pins.problem()
        if problem is not None and problem.code is not Cause.ESTOP:
            raise GuardTrip(problem.code, problem.reason)
        self.after.require_released()
        if self.supply_fault is not None:
            raise InstrumentError(Role.SUPPLY, f"no lease: {self.supply_fault}")
        if self.state.held_up_by_volts:
            raise InstrumentError(
                Role.SUPPLY,
                f"no lease: its output is off and the discharge relay at rest{self.volts_said()} all the "
                "same; check its read-back and the relay, and keep hands off",
            )
        if not self.state.safe:
            raise GuardError(f"no lease: found the slot {self.power.value}{self.volts_said()}, expected safe")
        self.lease = Lease(holder, beat_at=now)
        self.last_trip = None
        self._note("leased", str(holder))

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
        if phase in (Phase.RAMPING, Phase.HASHING) and not self.thermometers.seen:
            return self._trip(Trip(Cause.SENSOR_NONE, "no board sensor answers, so nothing may hash"), now)
        if phase is not lease.phase:
            lease.before, lease.phase, lease.entered_at = lease.phase, phase, now
            self.floor.step_ordered(now)
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
        self.floor.step_ordered(now)
        if fresh:
            self.state.go_live(now)
            self.after.gate.close()
            self.supply_at = self._pins_at = self._celsius_at = now
        return fresh

    def allow_volts(self, token: str, volts: float, now: float) -> None:
        """Permission to move a live set point; the current may follow it. Raises GuardError or GuardTrip."""
        lease = self.require(token)
        if not self.state.live or lease.demand is None:
            raise GuardError("volts: found the output off, expected it on; switch it on first")
        demand = Demand(volts, lease.demand.limit_amps, lease.demand.protection)
        check_demand(demand, lease.phase)
        lease.demand = demand
        self.floor.step_ordered(now)

    def may_be_live(self, token: str) -> bool:
        """Asked once more in the instant before the output is switched on."""
        return self.state.live and self.holds(token)

    def powered(self, now: float) -> None:
        """The output was confirmed on, or moved to another level."""
        self.state.powered_at = now
        self.floor.step_ordered(now)

    def end(self, token: str, reason: str, now: float, *, lost: bool) -> Orders:
        """The lease is given back, or its holder is gone; a live slot goes off either way."""
        if self.lent(token):
            return self.take_back(reason, now)
        if not self.holds(token):
            return ()
        self._note("lease lost" if lost else "released", reason)
        if lost and self.state.live:
            self.last_trip = Trip(Cause.GUARD, reason)
        self.lease = None
        return self.off(reason, now)

    # -- the world is seen --------------------------------------------------------------------

    def saw_supply(self, reading: SupplyReading, started: float, now: float) -> Orders:
        """A whole read-back whose first question was asked at ``started``."""
        if self.loan is not None:
            return ()                           # asked before it was lent
        self.supply, self.supply_fault, self.supply_at = reading, None, now
        if not self.state.live:
            return self._saw_dead_supply(reading, started, now)
        on_since = self.state.powered_at
        powered = on_since is not None and started >= on_since
        lease = self.lease
        allowed = lease.allowed(started) if lease else ENVELOPES[Phase.COLD]
        problem = supply_problem(reading, allowed, powered=powered)
        if problem is None and powered and self.settled:
            problem = self.floor.take(reading.amps.value, started)
        return self._trip(problem, now) if problem else ()

    def _saw_dead_supply(self, reading: SupplyReading, started: float, now: float) -> Orders:
        orders = self.state.saw_supply(reading, started, now)
        if orders:
            self.after.gate.close()
        if self.state.safe:
            self.after.gate.proved_off(now)
        return orders

    def lost_supply(self, text: str, now: float) -> Orders:
        """Two questions in a row went unanswered, or nobody answers at the address."""
        if self.loan is not None:
            return ()
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
        self.after.saw_pins(pins, self.state)
        if self.state.live:
            return self._trip(problem, now) if problem else ()
        if self.loan is not None:
            return self._saw_pins_of_lent(pins, now)
        self._settle_doubt(problem, now)
        return (Order.REST,) if found else ()

    def lost_bridge(self, text: str, now: float) -> Orders:
        if self.bridge_fault is None:
            self._note("bridge lost", text)
        self.bridge_fault, self.pins, self.state.at_rest = text, None, False
        if self.loan is not None:
            return self.take_back(f"the bridge was lost: {text}", now)
        return self._trip(Trip(Cause.BRIDGE, text), now) if self.state.live else ()

    def saw_celsius(self, celsius: tuple[float | None, ...], now: float) -> Orders:
        self._celsius_at = now
        problem = self.thermometers.take(celsius, now)
        return self._trip(problem, now) if problem and self.state.live else ()

    def saw_fans(self, rpm: tuple[float, ...] | None, now: float) -> Orders:
        if not self.state.live:
            self.fans.slow_since = None
            return ()
        problem = self.fans.take(rpm, now)
        return self._trip(problem, now) if problem else ()

    def tick(self, now: float) -> Orders:
        """Time passed. To be called at least thirty times a second."""
        self._ticked_at = now
        lease = self.lease
        if lease is not None and lease.trip is None and now - lease.beat_at > limits.BEAT_SECONDS:
            return self._trip(Trip(Cause.GUARD, f"no beat from {lease.holder} for a second"), now)
        if self.loan is not None:
            return self._overdue_loan(self.loan, now)
        if not self.state.live:
            return self.state.tick(now)
        problem = self._overdue(now)
        return self._trip(problem, now) if problem else ()

    # -- inside -------------------------------------------------------------------------------

    def _settle_doubt(self, problem: Trip | None, now: float) -> None:
        """A current that fell because a contactor opened or the board was pulled has that cause."""
        lease = self.lease
        if lease is None or not lease.in_doubt(now):
            return
        lease.looks += 1
        if problem is not None:
            lease.trip = self.last_trip = problem
            self._note("trip", f"{problem.code} after all: {problem.reason}")

    def _overdue(self, now: float) -> Trip | None:
        lease = self.lease
        stuck = "live without a lease" if lease is None else lease.stuck(now)
        if stuck is not None:
            return Trip(Cause.GUARD, stuck)
        if now - self._pins_at > limits.PINS_SECONDS:
            return Trip(Cause.BRIDGE, "the safety inputs were not read in time")
        if now - self.supply_at > limits.SUPPLY_SECONDS:
            return Trip(Cause.SUPPLY, "the supply was not read in time")
        if self.thermometers.seen and now - self._celsius_at > limits.TEMPERATURES_SECONDS:
            return Trip(Cause.BRIDGE, "the board's sensors were not read in time")
        return None
