"""Leases, orders and faults in any order: the output may be on only when the model says so."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rig.errors import RigError
from rig.guard.envelope import Demand
from rig.guard.latch import Release
from rig.guard.lease import Holder
from rig.guard.loan import Wanted
from rig.guard.power import Order, Orders, Power
from rig.guard.rules import SlotRules
from rig.guard.watch import PinLevels
from rig.slot import Mode, Phase, Protection, Reading, SupplyReading

PROTECTION = Protection(16.0, 100.0)
DEMANDS = {
    Phase.COLD: Demand(2.0, 2.0, PROTECTION),
    Phase.PRE_OPEN: Demand(15.0, 95.0, PROTECTION),
    Phase.HASHING: Demand(13.6, 95.0, PROTECTION),
}
LIMITS = {Phase.COLD: 2.2, Phase.PRE_OPEN: 14.3, Phase.HASHING: 96.0}


class World:
    """A supply and a bridge that obey when they can be reached."""

    def __init__(self) -> None:
        self.output = True                      # left on by whoever was here before
        self.relay_open = True
        self.volts = 13.6
        self.amps = 1.0
        self.supply_reachable = True
        self.bridge_reachable = True
        self.pins = PinLevels(estop_closed=True, lid_closed=True, seated=True)
        self.celsius = 30.0

    def reading(self) -> SupplyReading:
        amps = self.amps if self.output else 0.0
        mode = Mode.CONSTANT_VOLTAGE if self.output else Mode.OFF
        return SupplyReading(Reading(self.volts), Reading(amps), Reading(self.volts * amps), mode)


class GuardModel(RuleBasedStateMachine):
    """``SlotRules`` with hands on a small world; what may be live is told again, in other words."""

    @initialize()
    def begin(self) -> None:
        self.now = 10.0
        self.world = World()
        self.rules = SlotRules(self.now)
        self.pending: set[Order] = set()
        self.was_live = False
        self.token: str | None = None
        self.count = 0
        self.beat_at = self.deadline = self.pins_at = 0.0
        self.borrowed_at = 0.0
        self.tripped = self.pressed = self.attested = False
        self.demanded = DEMANDS[Phase.COLD]
        self.obey(self.rules.state.begin())

    # -- hands

    def obey(self, orders: Orders, *, asked: bool = False) -> None:
        """Carry out orders; those that cannot be are tried again at every step.

        Off that nobody asked for is a trip: this lease may not be live again.
        """
        self.pending |= set(orders)
        self.tripped = self.tripped or (self.was_live and Order.OUTPUT_OFF in orders and not asked)
        self.was_live = self.rules.power is Power.LIVE
        while self.pending:
            before = set(self.pending)
            for order in sorted(before, key=lambda one: one.name):
                self.carry_out(order)
            if self.pending == before:
                return

    def carry_out(self, order: Order) -> None:
        if order is Order.OUTPUT_OFF:
            if self.world.supply_reachable:
                self.pending.discard(order)
                self.world.output = False
                self.pending |= set(self.rules.saw_output_off())
        elif self.world.bridge_reachable:
            self.pending.discard(order)
            if order is Order.REST:
                self.world.relay_open = False
                self.rules.state.saw_rest()

    # -- the worker

    @precondition(lambda self: self.token is None)
    @rule()
    def lease(self) -> None:
        self.look()
        self.count += 1
        try:
            self.rules.grant(Holder("run", 1, str(self.count)), self.now)
        except RigError:
            return
        assert not self.pressed
        assert self.rules.power is not Power.LENT
        self.token = str(self.count)
        self.beat_at, self.deadline = self.now, 0.0
        self.tripped = False

    def beat(self) -> None:
        self.rules.beat(self.token or "", self.now)
        self.rules.beat("loan", self.now)
        self.beat_at = self.borrowed_at = self.now

    @rule(phase=st.sampled_from([Phase.COLD, Phase.PRE_OPEN, Phase.HASHING]), seconds=st.floats(0.1, 30))
    def enter(self, phase: Phase, seconds: float) -> None:
        try:
            self.obey(self.rules.enter(self.token or "none", phase, seconds, self.now))
        except RigError:
            return
        self.deadline = self.now + seconds

    @rule(data=st.data(), hurried=st.booleans())
    def on(self, data: st.DataObject, hurried: bool) -> None:
        """Permission, then the relay, then the output; a fault may come between."""
        self.switch_on(data.draw(st.sampled_from(list(DEMANDS.values()))), hurried)

    def switch_on(self, demand: Demand, hurried: bool) -> None:
        token = self.token or "none"
        try:
            self.rules.allow_on(token, demand, self.now)
        except RigError:
            return
        self.demanded = demand
        self.pending.clear()
        self.world.relay_open = True
        if hurried:
            stopped = PinLevels(estop_closed=False, lid_closed=True, seated=True)
            self.obey(self.rules.saw_pins(stopped, self.now))
            self.pressed = True
        if self.rules.may_be_live(token):
            self.world.output, self.world.volts = True, demand.volts
            self.rules.powered(self.now)
        self.was_live = self.rules.power is Power.LIVE

    @rule(operator=st.sampled_from(["mk", ""]), volts=st.sampled_from([None, 0.2, 1.5]))
    def release(self, operator: str, volts: float | None) -> None:
        """A person's word, true or not: it opens the way to a lease, and never to power."""
        before = self.rules.power
        try:
            self.rules.release(Release(operator, volts))
        except RigError:
            assert self.rules.power is before
            return
        assert operator
        assert self.token is None
        assert self.rules.pins is None or self.rules.pins.estop_closed
        assert self.rules.power is before or (before is Power.HOT and volts == 0.2)
        self.pressed = False
        self.attested = self.rules.power is not before

    @precondition(lambda self: self.token is not None and self.rules.power is Power.LIVE)
    @rule(share=st.floats(0.0, 0.79))
    def current_falls(self, share: float) -> None:
        """At settled work a current that was steady and then is not."""
        self.enter(Phase.HASHING, 30.0)
        self.world.amps = 60.0
        for _ in range(3):
            self.now += 0.6
            self.beat()
            self.look()
        settled = self.rules.power is Power.LIVE and self.rules.settled and self.world.output
        self.world.amps *= share
        self.now += 0.05
        self.look()
        assert not settled or self.rules.power is not Power.LIVE
        self.world.amps = 1.0

    @rule()
    def off(self) -> None:
        if self.token is not None:
            self.obey(self.rules.off("asked", self.now), asked=True)

    @rule(lost=st.booleans())
    def end(self, lost: bool) -> None:
        self.obey(self.rules.end(self.token or "none", "over", self.now, lost=lost), asked=True)
        self.token = None

    # -- the borrower

    @rule(well=st.booleans())
    def borrow(self, well: bool) -> None:
        """A check wants the supply; most often when nothing speaks against it."""
        if well:
            self.end(False)
            self.all_well()
            self.world.pins = PinLevels(estop_closed=True, lid_closed=True, seated=False)
            if self.pressed:
                self.release("mk", None)
        self.look()
        try:
            self.rules.lend(Holder("check", 2, "loan"), Wanted(1.0, 0.1), self.now)
        except RigError:
            assert not well or self.rules.power is Power.LENT
            return
        assert self.token is None
        assert not self.pressed
        assert not self.world.pins.seated
        self.pending.discard(Order.OUTPUT_OFF)
        self.borrowed_at = self.now

    @precondition(lambda self: self.rules.power is Power.LENT)
    @rule(on=st.booleans())
    def borrower_switches(self, on: bool) -> None:
        if self.world.supply_reachable:
            self.world.output, self.world.volts = on, 1.0

    @rule(lost=st.booleans())
    def give_back(self, lost: bool) -> None:
        self.obey(self.rules.end("loan", "over", self.now, lost=lost))

    # -- the world

    @rule(seconds=st.floats(0.001, 1.5))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def look(self) -> None:
        """One round of the guard's own looking."""
        if not self.world.output and not self.world.relay_open:
            self.world.volts = 0.1
        world, rules, now = self.world, self.rules, self.now
        if world.bridge_reachable:
            self.pressed = self.pressed or not world.pins.estop_closed
            self.obey(rules.saw_pins(world.pins, now))
            self.pins_at = now
            self.obey(rules.saw_celsius((world.celsius,) * 4, now))
        else:
            self.obey(rules.lost_bridge("silent", now))
            assert rules.power is not Power.LIVE
        if world.supply_reachable:
            self.obey(rules.saw_supply(world.reading(), now, now))
        else:
            self.obey(rules.lost_supply("silent", now))

    @rule(fault=st.sampled_from(["supply", "bridge", "estop", "lid", "board", "amps", "heat", "button"]))
    def break_something(self, fault: str) -> None:
        """One thing goes wrong; what the guard sees of it shows at its next look."""
        world = self.world
        match fault:
            case "supply":
                world.supply_reachable = False
            case "bridge":
                world.bridge_reachable = False
            case "amps":
                world.amps = 100.0
            case "heat":
                world.celsius = 70.0
            case "button" if world.supply_reachable:
                world.output = not world.output
                self.look()
        closed = {"estop": fault != "estop", "lid": fault != "lid", "board": fault != "board"}
        world.pins = PinLevels(closed["estop"], closed["lid"], closed["board"])

    def all_well(self) -> None:
        """A bench in order, and everything that was ordered done."""
        self.world.supply_reachable = self.world.bridge_reachable = True
        self.world.pins = PinLevels(estop_closed=True, lid_closed=True, seated=True)
        self.world.amps, self.world.celsius = 1.0, 30.0
        self.obey(())
        for _ in range(2):
            self.look()

    @rule(
        phase=st.sampled_from(list(DEMANDS)), demand=st.sampled_from(list(DEMANDS)),
        seconds=st.floats(0.5, 20), hurried=st.booleans(),
    )
    def start(self, phase: Phase, demand: Phase, seconds: float, hurried: bool) -> None:
        """The usual way to a live slot, so that the faults find one."""
        self.end(False)
        self.give_back(False)
        self.all_well()
        if self.pressed:
            self.release("mk", None)
        self.lease()
        assert self.token is not None
        self.enter(phase, seconds)
        self.switch_on(DEMANDS[demand], hurried)
        live = not hurried and (phase is not Phase.COLD or demand is Phase.COLD)
        assert self.world.output == live
        assert (self.rules.power is Power.LIVE) == live

    @rule(seconds=st.floats(0.05, 0.99), times=st.integers(1, 12), seeing=st.booleans())
    def work(self, seconds: float, times: int, seeing: bool) -> None:
        """A stretch with beats, whatever becomes of the rest."""
        for _ in range(times):
            self.now += seconds
            self.beat()
            self.obey(self.rules.tick(self.now))
            if seeing:
                self.look()
            self.live_only_with_everything_in_order()

    # -- what must hold

    @invariant()
    def live_only_with_everything_in_order(self) -> None:
        self.obey(self.rules.tick(self.now))
        state = self.rules.power
        if state is Power.LIVE:
            assert self.token is not None
            assert self.now - self.beat_at <= 1.0
            assert self.now < self.deadline
            assert self.now - self.pins_at <= 1.5 or self.now - self.rules.state.since <= 1.5
            lease = self.rules.lease
            assert lease is not None
            assert lease.trip is None
            assert Order.OUTPUT_OFF not in self.pending
            assert not self.tripped
            assert self.demanded.volts <= (2.0 if lease.phase is Phase.COLD else 16.0)

    @invariant()
    def lent_only_to_somebody_alive_and_with_nobody_in_the_way(self) -> None:
        self.obey(self.rules.tick(self.now))
        lent = self.rules.power is Power.LENT
        assert lent == (self.rules.loan is not None)
        if lent:
            assert self.token is None
            assert self.now - self.borrowed_at <= 1.0
            assert self.now - self.pins_at <= 1.5
            self.look()
        if self.rules.power is Power.LENT:
            assert not self.world.pins.seated
            assert self.world.pins.estop_closed
            assert self.world.bridge_reachable

    @invariant()
    def on_means_live_lent_or_ordered_off(self) -> None:
        if self.world.output and self.world.supply_reachable and self.rules.power is not Power.LIVE:
            self.look()
        if self.world.output:
            ordered = Order.OUTPUT_OFF in self.pending and not self.world.supply_reachable
            assert self.rules.power in (Power.LIVE, Power.LENT) or ordered

    @invariant()
    def safe_means_off(self) -> None:
        if self.attested:
            self.look()
            self.attested = False
        if self.rules.power is Power.SAFE and self.world.supply_reachable:
            assert not self.world.output
            assert self.world.volts < 1.0
            assert not self.world.relay_open

    @invariant()
    def a_good_look_at_a_live_slot_is_within_its_envelope(self) -> None:
        lease = self.rules.lease
        if self.rules.power is Power.LIVE and self.world.output and self.world.supply_reachable:
            self.look()
        if self.rules.power is Power.LIVE and lease is not None and self.world.supply_reachable:
            settled = self.now >= lease.entered_at + 0.3
            allowed = LIMITS[lease.phase] if settled else max(LIMITS.values())
            assert self.world.amps <= allowed or not self.world.output
        if self.rules.power is Power.LIVE and self.world.bridge_reachable:
            self.look()
        if self.rules.power is Power.LIVE:
            assert self.world.bridge_reachable or self.now - self.pins_at <= 1.5
            assert self.world.celsius < 65.0 or not self.world.bridge_reachable
            assert self.world.pins.problem() is None or not self.world.bridge_reachable


TestGuardModel = GuardModel.TestCase
TestGuardModel.settings = settings(max_examples=300, stateful_step_count=50, deadline=None)
