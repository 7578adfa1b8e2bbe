"""One slot: its rules, and two threads that see and act for them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from rig.clock import Clock
from rig.errors import GuardError, InstrumentError, NoAcknowledge, RigError, Role
from rig.fixturefile import SlotEntry
from rig.guard import envelope as limits
from rig.guard.envelope import Cause, Demand
from rig.guard.fixture_bridge import BridgeHand
from rig.guard.keeper import Keeper
from rig.guard.lease import Holder
from rig.guard.log import GuardLog
from rig.guard.power import Order, Power
from rig.guard.rules import SlotRules
from rig.guard.supply import SupplyHand
from rig.guard.watch import Thermometers
from rig.guard.worker import Loop, Worker
from rig.instruments import supply_client
from rig.instruments.bridge import Level
from rig.instruments.pdu import Outlet
from rig.slot import Phase, SupplyReading

T = TypeVar("T")

# How long an asker waits for a thread; the threads' own patience is shorter.
ORDER_SECONDS = 15.0
TRANSFER_SECONDS = 5.0
READ_SECONDS = 8.0
SAFE_WAIT_SECONDS = limits.HOT_AFTER_SECONDS + 3.0

# A read-back younger than this is shared instead of asked for again.
FRESH_SECONDS = 0.25

_FEEL_SECONDS = 1.0
_IDLE_FEEL_SECONDS = 5.0


class SlotGuard:
    """What a lease's holder may ask for. Every method may be called from any thread.

    Raises GuardTrip once the slot tripped, GuardError without a lease, InstrumentError and
    BridgeError when a part fails.
    """

    def __init__(
        self,
        name: str,
        find: Callable[[], SlotEntry],
        find_outlet: Callable[[], Outlet | None],
        clock: Clock,
        log: GuardLog,
    ) -> None:
        """``find`` gives the slot's entry with its present addresses, StationFault when there is none;
        ``find_outlet`` the outlet that feeds its supply."""
        self.name = name
        self._clock = clock
        self._keeper = Keeper(name, clock, log, self._act)
        self._supply = SupplyHand(
            lambda: find().supply, find_outlet, supply_client, clock, self._keeper
        )
        self._bridge = BridgeHand(find, clock, self._keeper)
        self._supply_worker = Worker(f"{name} supply", clock, self._look_at_supply, self._supply.interrupt)
        self._bridge_worker = Worker(f"{name} bridge", clock, self._look_at_bridge, _nothing)
        self._fan_share = 1.0
        self._felt_at = -_IDLE_FEEL_SECONDS

    def start(self, loop: Loop) -> None:
        """Order everything off, then begin to look."""
        self._keeper.step(lambda rules, _now: rules.state.begin())
        self._supply_worker.start(loop)
        self._bridge_worker.start(loop)

    def tick(self) -> None:
        self._keeper.step(SlotRules.tick)

    def stop(self, reason: str) -> None:
        """Off for the guard's own reasons; latched for a lease there may be."""
        self._keeper.step(
            lambda rules, now: rules.trip(Cause.GUARD, reason, now) if rules.lease else rules.off(reason, now)
        )

    def end_threads(self) -> None:
        self._supply_worker.stop()
        self._bridge_worker.stop()

    # -- leases -------------------------------------------------------------------------------

    def lease(self, run: str, pid: int) -> str:
        """Look at everything, wait for a slot that is still discharging, grant; the lease's token."""
        with self._keeper.changed:
            rules = self._keeper.rules
            if rules.lease is not None:
                raise GuardError(f"{self.name} is leased by {rules.lease.holder}; wait for it or stop it")
            rules.thermometers = Thermometers()
            self._fan_share = 1.0
        for worker, job in (
            (self._bridge_worker, self._bridge.pins),
            (self._bridge_worker, self._bridge.feel),
            (self._supply_worker, self._supply.feed_mains),
            (self._supply_worker, self._supply.clear_trip),
        ):
            with suppress(RigError):
                worker.submit(job, READ_SECONDS)
        self._wait_for(lambda rules: rules.state.safe or _faulty(rules))
        holder = Holder(run, pid, secrets.token_hex(8))
        self._step(lambda rules, now: rules.grant(holder, now))
        return holder.token

    def beat(self, token: str) -> None:
        self._step(lambda rules, now: rules.beat(token, now))

    def end(self, token: str, reason: str, *, lost: bool) -> None:
        """The lease is given back or lost; a live slot goes off."""
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
                self._supply_worker.withdraw()
                self._bridge_worker.withdraw()

        self._step(allow)
        try:
            if fresh:
                self._prepare(token)
            return self._switch_on(token, demand)
        except RigError as error:
            reason = f"could not switch on: {error}"
            self._keeper.step(lambda rules, now: rules.off(reason, now))
            self._require(token)
            raise

    def set_volts(self, token: str, volts: float) -> None:
        self._step(lambda rules, _now: rules.allow_volts(token, volts))
        self._by_supply(token, lambda: self._supply.set_volts(volts), ORDER_SECONDS)

    def off(self, token: str) -> float:
        """Off, discharged and read back: the volts left. Also for a lease that tripped."""
        self._hold(token)
        self._keeper.step(lambda rules, now: rules.off("the worker asked", now))
        self._wait_for(lambda rules: rules.power in (Power.SAFE, Power.HOT))
        with self._keeper.changed:
            reading, fault = self._keeper.rules.supply, self._keeper.rules.supply_fault
        if reading is None or not reading.volts.ok:
            raise InstrumentError(Role.SUPPLY, f"off: volts unknown; {fault or 'no reading'}; keep hands off")
        return reading.volts.value

    def read_supply(self, token: str) -> SupplyReading:
        """The guard's own last reading when it is young, else a new one."""
        self._require(token)
        with self._keeper.changed:
            rules = self._keeper.rules
            young = self._clock.now() - rules.supply_at <= FRESH_SECONDS
            if rules.supply is not None and young:
                return rules.supply
        return self._by_supply(token, self._supply.read, READ_SECONDS)

    def identify_supply(self, token: str) -> str:
        return self._by_supply(token, self._supply.identify, READ_SECONDS)

    # -- the side channel ---------------------------------------------------------------------

    def i2c(self, token: str, address: int, data: bytes, count: int) -> bytes:
        return self._by_bridge(token, lambda: self._bridge.i2c(address, data, count))

    def set_reset(self, token: str, level: Level) -> None:
        """Low is allowed even to a lease that tripped."""
        if level is Level.LOW:
            self._hold(token)
            self._bridge_worker.submit(lambda: self._bridge.set_reset(level), TRANSFER_SECONDS)
        else:
            self._by_bridge(token, lambda: self._bridge.set_reset(level))

    def set_loopback(self, token: str, level: Level) -> None:
        self._by_bridge(token, lambda: self._bridge.set_loopback(level))

    def set_fans(self, token: str, share: float) -> None:
        """Never below the floor while live."""
        self._fan_share = share
        self._by_bridge(token, lambda: self._bridge.set_fans(max(share, limits.FAN_FLOOR)))

    def fan_rpm(self, token: str) -> tuple[float, ...]:
        return self._by_bridge(token, self._bridge.fan_rpm)

    # -- seen from outside --------------------------------------------------------------------

    def look(self, see: Callable[[SlotRules, float], T]) -> T:
        """Whatever ``see`` finds in the rules, under the lock."""
        with self._keeper.changed:
            return see(self._keeper.rules, self._clock.now())

    def wait_until_off(self, seconds: float) -> None:
        """Until safe, hot, or out of reach and never seen live; at most ``seconds``."""
        self._wait_for(
            lambda rules: rules.power in (Power.SAFE, Power.HOT)
            or (rules.supply_fault is not None and not rules.state.ever_live),
            seconds,
        )

    # -- inside -------------------------------------------------------------------------------

    def _act(self, order: Order) -> None:
        match order:
            case Order.OUTPUT_OFF:
                self._supply_worker.urge(self._supply.off)
            case Order.HOLD_RESET:
                self._bridge_worker.urge(self._bridge.hold_reset)
            case Order.REST:
                self._bridge_worker.urge(self._bridge.rest)

    def _prepare(self, token: str) -> None:
        share = max(self._fan_share, limits.FAN_FLOOR)
        try:
            self._by_bridge(token, lambda: self._bridge.prepare_power(share))
        except NoAcknowledge:
            reason = "the fan controller does not answer"
            self._keeper.step(lambda rules, now: rules.trip(Cause.FAN, reason, now))
            raise

    def _switch_on(self, token: str, demand: Demand) -> SupplyReading:
        def allowed() -> bool:
            return self.look(lambda rules, _now: rules.may_be_live(token))

        def switch() -> SupplyReading:
            if not self._supply.switch_on(demand, allowed):
                raise GuardError("not switched on: the slot was stopped meanwhile")
            self._step(lambda rules, now: rules.powered(now))
            return self._supply.read()

        return self._by_supply(token, switch, ORDER_SECONDS)

    def _by_supply(self, token: str, job: Callable[[], T], seconds: float) -> T:
        self._require(token)
        try:
            return self._supply_worker.submit(job, seconds)
        except RigError:
            self._require(token)
            raise

    def _by_bridge(self, token: str, job: Callable[[], T]) -> T:
        self._require(token)
        try:
            return self._bridge_worker.submit(job, TRANSFER_SECONDS)
        except RigError:
            self._require(token)
            raise

    def _step(self, change: Callable[[SlotRules, float], None]) -> None:
        def no_orders(rules: SlotRules, now: float) -> tuple[Order, ...]:
            change(rules, now)
            return ()

        self._keeper.step(no_orders)

    def _require(self, token: str) -> None:
        with self._keeper.changed:
            self._keeper.rules.require(token)

    def _hold(self, token: str) -> None:
        with self._keeper.changed:
            if not self._keeper.rules.holds(token):
                self._keeper.rules.require(token)

    def _wait_for(self, condition: Callable[[SlotRules], bool], seconds: float = SAFE_WAIT_SECONDS) -> None:
        deadline = self._clock.now() + seconds
        with self._keeper.changed:
            while not condition(self._keeper.rules) and (left := deadline - self._clock.now()) > 0:
                self._keeper.changed.wait(left)

    def _look_at_supply(self) -> float:
        self._supply.look()
        with self._keeper.changed:
            rules = self._keeper.rules
            if rules.state.live or rules.power is Power.STOPPING:
                return 0.1 if rules.state.live else 0.05
            return 0.5 if rules.lease is not None or rules.power is Power.HOT else 1.0

    def _look_at_bridge(self) -> float:
        self._bridge.look()
        now = self._clock.now()
        with self._keeper.changed:
            rules = self._keeper.rules
            leased, live, fault = rules.lease is not None, rules.state.live, rules.bridge_fault
        if fault is None and now - self._felt_at >= (_FEEL_SECONDS if leased else _IDLE_FEEL_SECONDS):
            self._bridge.feel()
            self._felt_at = now
        if live:
            return 0.04
        return 0.1 if leased else 0.5


def _faulty(rules: SlotRules) -> bool:
    return rules.supply_fault is not None or rules.bridge_fault is not None


def _nothing() -> None:
    """The bridge answers or fails within a second; nothing is gained by interrupting it."""
