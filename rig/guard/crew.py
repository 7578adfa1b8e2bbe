"""Eyes and hands of one slot: two threads, what they look at and how often, what they do when ordered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from rig.clock import Clock
from rig.errors import RigError
from rig.guard.envelope import Bounds
from rig.guard.fixture_bridge import BridgeHand
from rig.guard.keeper import Keep, Keeper, Log
from rig.guard.latch import Latch
from rig.guard.mains import OutletWatch, pause_for
from rig.guard.power import Order, Orders, Power
from rig.guard.rules import SlotRules
from rig.guard.supply import SupplyHand
from rig.guard.threads import RealThreads, Threads
from rig.guard.worker import Loop, Worker
from rig.instruments import supply_client
from rig.instruments.bridge import Bridge
from rig.instruments.pdu import Mains
from rig.instruments.supply import PowerSupply
from rig.slotentry import Colour, SlotEntry, SupplyEntry, Watchdog

T = TypeVar("T")

# How long an asker waits for a thread; the threads' own patience is shorter.
TRANSFER_SECONDS = 5.0
READ_SECONDS = 8.0
ORDER_SECONDS = 15.0
LAMPS_SECONDS = 0.5

# Pauses between looks at a slot that is not live.
_PINS_LEASED, _PINS_IDLE = 0.1, 0.5
_SUPPLY_STOPPING, _SUPPLY_LEASED, _SUPPLY_IDLE = 0.05, 0.5, 1.0
_SUPPLY_LENT = 0.2
_FEEL_LEASED, _FEEL_IDLE = 1.0, 5.0


def _forget(_slot: str, _latch: Latch | None) -> None:
    """Nobody remembers: for a guard that has no successor."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between looks at a live slot: safety inputs at 25 Hz, the supply at 10 Hz, and at 25
    at settled work, where a fall of current must be off within 0.2 s."""

    pins: float = 0.04
    supply: float = 0.1
    supply_settled: float = 0.04


@dataclass(frozen=True, slots=True)
class Tools:
    """What a crew works with: threads, clients of supply and bridge that it makes itself.

    ``bounds`` are the fixture's own limits; ``keep`` remembers an e-stop beyond this process.
    """

    threads: Threads = field(default_factory=RealThreads)
    supply: Callable[[SupplyEntry, Clock], PowerSupply] = supply_client
    bridge: Callable[[str, Clock], Bridge] = Bridge
    pace: Pace = Pace()
    bounds: Bounds = field(default_factory=Bounds)
    keep: Keep = _forget


class Crew:
    """The rules of a slot with a thread for its supply and one for its bridge.

    ``find`` gives the slot's entry with its present addresses, StationFault when there is none;
    ``find_outlet`` the outlet that feeds its supply; ``entry`` is what the fixture file says of it.
    """

    def __init__(
        self,
        name: str,
        entry: SlotEntry,
        find: Callable[[], SlotEntry],
        find_outlet: Callable[[], Mains | None],
        clock: Clock,
        log: Log,
        tools: Tools,
    ) -> None:
        self.clock = clock
        self._slowest_look = pause_for(entry.watchdog_seconds)
        threads, self._pace = tools.threads, tools.pace
        self.keeper = Keeper(name, clock, log, threads.condition(), self._act, tools.bounds, tools.keep)
        self.supply = SupplyHand(lambda: find().supply, find_outlet, tools.supply, clock, self.keeper)
        self.bridge = BridgeHand(find, clock, self.keeper, tools.bridge)
        self.keeper.rules.light.wired = bool(entry.pins.lights)
        self._supply_worker = Worker(
            f"{name} supply", clock, threads, self._look_at_supply, self.supply.interrupt
        )
        self._bridge_worker = Worker(f"{name} bridge", clock, threads, self._look_at_bridge, _nothing)
        self._felt_at = -_FEEL_IDLE
        self._outlet: OutletWatch | None = None
        if entry.watchdog is Watchdog.PDU:
            self._outlet = OutletWatch(entry.watchdog_seconds, find_outlet, self.look, self.keeper.noted)
            self._outlet_worker = Worker(f"{name} outlet", clock, threads, self._outlet.feed, _nothing)

    def start(self, loop: Loop) -> None:
        """Order everything off, then begin to look."""
        self.keeper.step(lambda rules, _now: rules.state.begin())
        self._supply_worker.start(loop)
        self._bridge_worker.start(loop)
        if self._outlet is not None:
            self._outlet_worker.start(loop)

    def stop(self) -> None:
        """The lamps' last word, then end the threads."""
        self.keeper.rules.light.over = True
        if self.look(lambda rules, _now: rules.light.wired and rules.bridge_fault is None):
            for _ in Colour:
                quietly(lambda: self._bridge_worker.submit(self._show_light, LAMPS_SECONDS))
        self._supply_worker.stop()
        self._bridge_worker.stop()
        if self._outlet is not None:
            self._outlet_worker.stop()

    def by_supply(self, job: Callable[[], T], seconds: float = READ_SECONDS) -> T:
        """``job`` in the supply's thread. Raises what it raises, GuardError when off goes first."""
        return self._supply_worker.submit(job, seconds)

    def by_bridge(self, job: Callable[[], T]) -> T:
        """``job`` in the bridge's thread, likewise."""
        return self._bridge_worker.submit(job, TRANSFER_SECONDS)

    def arm_mains(self) -> None:
        """The watchdog in the supply's mains, if the fixture has one. Raises InstrumentError, BridgeError."""
        self.by_bridge(self.bridge.arm_relay)
        if self._outlet is not None:
            self._outlet_worker.submit(self._outlet.arm, TRANSFER_SECONDS)

    def withdraw_orders(self) -> None:
        """Forget what is left of old orders; only under the keeper's lock, on going live."""
        self._supply_worker.withdraw()
        self._bridge_worker.withdraw()

    def withdraw_supply_orders(self) -> None:
        """Forget what is left of orders to the supply; only under the keeper's lock, on lending it."""
        self._supply_worker.withdraw()

    def change(self, change: Callable[[SlotRules, float], object]) -> None:
        """Let the rules take note of something that orders nothing. Errors pass."""

        def no_orders(rules: SlotRules, now: float) -> Orders:
            change(rules, now)
            return ()

        self.keeper.step(no_orders)

    def look(self, see: Callable[[SlotRules, float], T]) -> T:
        """Whatever ``see`` finds in the rules, under the lock. Errors pass."""
        with self.keeper.changed:
            return see(self.keeper.rules, self.clock.now())

    def wait_for(self, condition: Callable[[SlotRules], bool], seconds: float) -> None:
        """Until the rules are so, at most ``seconds``."""
        deadline = self.clock.now() + seconds
        with self.keeper.changed:
            while not condition(self.keeper.rules) and (left := deadline - self.clock.now()) > 0:
                self.keeper.changed.wait(left)

    def _act(self, order: Order) -> None:
        match order:
            case Order.OUTPUT_OFF:
                self._supply_worker.urge(self.supply.off)
            case Order.HOLD_RESET:
                self._bridge_worker.urge(self.bridge.hold_reset)
            case Order.REST:
                self._bridge_worker.urge(self.bridge.rest)

    def _look_at_supply(self) -> float:
        if self.look(lambda rules, _now: rules.state.lent):
            return _SUPPLY_LENT
        self.supply.look()
        with self.keeper.changed:
            rules = self.keeper.rules
            if rules.state.live:
                return self._pace.supply_settled if rules.settled else self._pace.supply
            if rules.power is Power.STOPPING:
                return _SUPPLY_STOPPING
            return _SUPPLY_LEASED if rules.lease is not None or rules.power is Power.HOT else _SUPPLY_IDLE

    def _look_at_bridge(self) -> float:
        self.bridge.look()
        self._show_light()
        now = self.clock.now()
        if self.look(lambda rules, now: rules.awake(now)):
            self.bridge.feed_relay()
        with self.keeper.changed:
            rules = self.keeper.rules
            leased, live, fault = rules.taken, rules.state.live, rules.bridge_fault
        if fault is None and now - self._felt_at >= (_FEEL_LEASED if leased else _FEEL_IDLE):
            self.bridge.feel()
            self._felt_at = now
        if live:
            return self._pace.pins
        return min(self._slowest_look, _PINS_LEASED if leased else _PINS_IDLE)


    def _show_light(self) -> None:
        """At most one lamp's pin a look, without waiting; after the safety inputs, never before."""
        if not self.keeper.rules.light.wired:
            return
        self.bridge.show(self.look(lambda rules, now: rules.light.lamp(rules, now)))


def faulty(rules: SlotRules) -> bool:
    """Whether a part of the slot does not answer."""
    return rules.supply_fault is not None or rules.bridge_fault is not None


def quietly(job: Callable[[], object]) -> None:
    """Do it; what went wrong is in the rules already."""
    try:
        job()
    except RigError:
        return


def _nothing() -> None:
    """The bridge answers or fails within a second; nothing is gained by interrupting it."""
