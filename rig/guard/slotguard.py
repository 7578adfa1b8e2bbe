"""One slot as the holder of its lease meets it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TypeVar

from rig.errors import GuardError, InstrumentError, NoAcknowledge, RigError, Role
from rig.guard import envelope as limits
from rig.guard.crew import ORDER_SECONDS, READ_SECONDS, Crew, faulty, quietly
from rig.guard.envelope import Cause, Demand
from rig.guard.feeds import Feed
from rig.guard.latch import Release
from rig.guard.lease import Holder
from rig.guard.lights import Light
from rig.guard.loan import Wanted
from rig.guard.power import Power
from rig.guard.rules import SlotRules
from rig.guard.thermometer import BoardSensors
from rig.instruments.bridge import Level
from rig.slot import Phase, SupplyReading, Unload

T = TypeVar("T")

SAFE_WAIT_SECONDS = limits.HOT_AFTER_SECONDS + 3.0

# A read-back younger than this is shared instead of asked for again.
FRESH_SECONDS = 0.25


class SlotGuard:
    """What a lease's holder may ask for. Every method may be called from any thread.

    Raises GuardTrip once the slot tripped, GuardError without a lease, InstrumentError and
    BridgeError when a part fails.
    """

    def __init__(self, name: str, crew: Crew, feed: Feed | None = None) -> None:
        """``feed``: the breaker the slot's supply hangs on, if the fixture file names one."""
        self.name = name
        self._feed = feed
        self._crew = crew
        self._keeper = crew.keeper
        self._fan_share = 1.0

    def tick(self) -> None:
        self._keeper.step(SlotRules.tick)

    def stop(self, reason: str) -> None:
        """Off for the guard's own reasons; latched for a lease there may be."""
        self._keeper.step(
            lambda rules, now: rules.trip(Cause.GUARD, reason, now) if rules.lease else rules.off(reason, now)
        )

    def look(self, see: Callable[[SlotRules, float], T]) -> T:
        """Whatever ``see`` finds in the rules, under the lock."""
        return self._crew.look(see)

    def wait_until_off(self, seconds: float) -> None:
        """Until safe, hot, or out of reach and never seen live; at most ``seconds``."""
        self._crew.wait_for(
            lambda rules: _settled(rules) or (rules.supply_fault is not None and not rules.state.ever_live),
            seconds,
        )

    def ask_light(self, light: Light) -> None:
        """The station's word on the slot's stack light; orders nothing."""
        self._crew.change(lambda rules, now: rules.light.ask(light, now))

    # -- leases -------------------------------------------------------------------------------

    def lease(self, run: str, pid: int, sensors: BoardSensors) -> str:
        """Look at everything, wait for a slot that is still discharging, grant; the lease's token."""
        crew = self._crew

        def begin(rules: SlotRules, _now: float) -> None:
            rules.require_free()
            rules.new_board()
            rules.claims += 1

        def end(rules: SlotRules, _now: float) -> None:
            rules.claims -= 1

        crew.change(begin)
        try:
            return self._lease(Holder(run, pid, secrets.token_hex(8)), sensors)
        finally:
            crew.change(end)

    def _lease(self, holder: Holder, sensors: BoardSensors) -> str:
        crew = self._crew
        crew.bridge.sensors = sensors
        self._fan_share = 1.0
        quietly(lambda: crew.by_bridge(crew.bridge.pins))
        quietly(lambda: crew.by_bridge(crew.bridge.feel))
        quietly(self._feed_mains)
        quietly(lambda: crew.by_supply(crew.supply.clear_trip))
        crew.wait_for(lambda rules: rules.state.safe or faulty(rules), SAFE_WAIT_SECONDS)
        crew.change(lambda rules, now: rules.grant(holder, now))
        return holder.token

    def lend(self, pid: int, wanted: Wanted) -> str:
        """The supply for a check, of a slot that is empty and proved off; the loan's token.

        The guard's own session is closed until it is given back (``end``) or taken back.
        """
        crew, holder = self._crew, Holder("check", pid, secrets.token_hex(8))
        self.look(lambda rules, _now: rules.require_free())
        quietly(lambda: crew.by_bridge(crew.bridge.pins))
        crew.wait_for(lambda rules: _settled(rules) or faulty(rules), SAFE_WAIT_SECONDS)

        def lend(rules: SlotRules, now: float) -> None:
            rules.lend(holder, wanted, now)
            crew.withdraw_supply_orders()

        crew.change(lend)
        crew.by_supply(crew.supply.close)
        return holder.token

    def require_lent(self, token: str) -> None:
        """Raises GuardError with the reason once the supply was taken back."""
        self.look(lambda rules, _now: rules.require_lent(token))

    def _feed_mains(self) -> None:
        """Mains back if they were cut; the supply gets its time to start, after a relay's closing too."""
        fed = self._crew.by_supply(self._crew.supply.feed_mains)
        closed = self._crew.bridge.edges.closed_for(self._crew.clock.now())
        if fed or closed < limits.BOOT_SECONDS:
            self._crew.wait_for(lambda rules: rules.supply_fault is None, limits.BOOT_SECONDS)

    def beat(self, token: str) -> None:
        self._crew.change(lambda rules, now: rules.beat(token, now))

    def end(self, token: str, reason: str, *, lost: bool) -> None:
        """The lease or the loan is given back or lost; a live slot goes off."""
        self._keeper.step(lambda rules, now: rules.end(token, reason, now, lost=lost))

    # -- power --------------------------------------------------------------------------------

    def enter(self, token: str, phase: Phase, seconds: float) -> None:
        self._keeper.step(lambda rules, now: rules.enter(token, phase, seconds, now))
        self._require(token)

    def on(self, token: str, demand: Demand) -> SupplyReading:
        """Reset low and relay open first if the output was off; then levels, output, read-back."""
        fresh = False

        def allow(rules: SlotRules, now: float) -> None:
            nonlocal fresh
            fresh = rules.allow_on(token, demand, now)
            if fresh:
                self._crew.withdraw_orders()

        self._crew.change(allow)
        try:
            if self._feed is not None:
                self._take_from(self._feed, token, demand, fresh=fresh)
            if fresh:
                self._asked(token, self._crew.arm_mains)
                self._prepare(token)
            return self._switch_on(token, demand)
        except RigError as error:
            reason = f"could not switch on: {error}"
            self._keeper.step(lambda rules, now: rules.off(reason, now))
            self._require(token)
            raise

    def set_volts(self, token: str, volts: float) -> None:
        self._crew.change(lambda rules, now: rules.allow_volts(token, volts, now))
        self._by_supply(token, lambda: self._crew.supply.set_volts(volts), ORDER_SECONDS)
        self._crew.change(lambda rules, now: rules.floor.step_ordered(now))

    def off(self, token: str) -> float:
        """Off, discharged and read back: the volts left. Also for a lease that tripped."""
        self._hold(token)
        self._keeper.step(lambda rules, now: rules.off("the worker asked", now))
        self._crew.wait_for(_settled, SAFE_WAIT_SECONDS)
        reading, fault = self.look(lambda rules, _now: (rules.supply, rules.supply_fault))
        if reading is None or not reading.volts.ok:
            raise InstrumentError(Role.SUPPLY, f"off: volts unknown; {fault or 'no reading'}; keep hands off")
        return reading.volts.value

    def unload(self, token: str) -> Unload:
        """Whether a hand may go in. Also for a lease that tripped."""
        self._hold(token)
        return self.look(lambda rules, now: rules.unload(now))

    def release(self, release: Release) -> str:
        """A named person's word, after a fresh look at the interlocks; what was released by it."""
        crew = self._crew
        quietly(lambda: crew.by_bridge(crew.bridge.pins))
        done = ""

        def take(rules: SlotRules, _now: float) -> None:
            nonlocal done
            done = rules.release(release)

        crew.change(take)
        return done

    def read_supply(self, token: str) -> SupplyReading:
        """The guard's own last reading when it is young, else a new one."""
        self._require(token)
        reading, age = self.look(lambda rules, now: (rules.supply, now - rules.supply_at))
        if reading is not None and age <= FRESH_SECONDS:
            return reading
        return self._by_supply(token, self._crew.supply.read, READ_SECONDS)

    def identify_supply(self, token: str) -> str:
        return self._by_supply(token, self._crew.supply.identify, READ_SECONDS)

    # -- the side channel ---------------------------------------------------------------------

    def i2c(self, token: str, address: int, data: bytes, count: int) -> bytes:
        return self._by_bridge(token, lambda: self._crew.bridge.i2c(address, data, count))

    def set_reset(self, token: str, level: Level) -> None:
        """Low is allowed even to a lease that tripped."""
        if level is Level.LOW:
            self._hold(token)
            self._crew.change(lambda rules, now: rules.floor.step_ordered(now))
            self._crew.by_bridge(lambda: self._crew.bridge.set_reset(level))
        else:
            self._by_bridge(token, lambda: self._crew.bridge.set_reset(level))

    def set_loopback(self, token: str, level: Level) -> None:
        self._by_bridge(token, lambda: self._crew.bridge.set_loopback(level))

    def set_fans(self, token: str, share: float) -> None:
        """Never below the floor."""
        self._fan_share = max(share, limits.FAN_FLOOR)
        self._by_bridge(token, lambda: self._crew.bridge.set_fans(self._fan_share))

    def fan_rpm(self, token: str) -> tuple[float, ...]:
        return self._by_bridge(token, self._crew.bridge.fan_rpm)

    # -- inside -------------------------------------------------------------------------------

    def _take_from(self, feed: Feed, token: str, demand: Demand, *, fresh: bool) -> None:
        """Book what the slot may take; one that goes on anew waits for its turn. Raises GuardError."""
        feed.book(self.name, demand.volts * demand.limit_amps)
        crew, waited = self._crew, 0.0
        while fresh and (left := feed.turn(crew.clock.now())) > 0:
            if waited >= limits.TURN_SECONDS:
                raise GuardError(f"feed {feed.name}: found no turn to go on in {waited:.0f} s; try again")
            if not waited:
                self._keeper.noted(f"waits for its turn at feed {feed.name}")
            crew.wait_for(lambda rules: not rules.state.live, left)
            self._require(token)
            waited += left

    def _prepare(self, token: str) -> None:
        try:
            self._by_bridge(token, lambda: self._crew.bridge.prepare_power(self._fan_share))
        except NoAcknowledge:
            reason = "the fan controller does not answer"
            self._keeper.step(lambda rules, now: rules.trip(Cause.FAN, reason, now))
            raise

    def _switch_on(self, token: str, demand: Demand) -> SupplyReading:
        def allowed() -> bool:
            return self.look(lambda rules, _now: rules.may_be_live(token))

        def switch() -> SupplyReading:
            if not self._crew.supply.switch_on(demand, allowed):
                raise GuardError("not switched on: the slot was stopped meanwhile")
            self._crew.change(lambda rules, now: rules.powered(now))
            return self._crew.supply.read()

        return self._by_supply(token, switch, ORDER_SECONDS)

    def _by_supply(self, token: str, job: Callable[[], T], seconds: float) -> T:
        return self._asked(token, lambda: self._crew.by_supply(job, seconds))

    def _by_bridge(self, token: str, job: Callable[[], T]) -> T:
        return self._asked(token, lambda: self._crew.by_bridge(job))

    def _asked(self, token: str, job: Callable[[], T]) -> T:
        """A trip is the better reason when a job fails because of one."""
        self._require(token)
        try:
            return job()
        except RigError:
            self._require(token)
            raise

    def _require(self, token: str) -> None:
        """The lease is good for work; of one that tripped the cause is told when it is beyond doubt."""
        now = self._crew.clock.now
        self._crew.wait_for(lambda rules: not rules.in_doubt(token, now()), limits.DOUBT_SECONDS)
        self.look(lambda rules, _now: rules.require(token))

    def _hold(self, token: str) -> None:
        if not self.look(lambda rules, _now: rules.holds(token)):
            self._require(token)


def _settled(rules: SlotRules) -> bool:
    return rules.power in (Power.SAFE, Power.HOT)
