from __future__ import annotations

from pathlib import Path

import pytest

import rig
from rig.errors import BridgeError, GuardError, GuardTrip, InstrumentError
from rig.fixturefile import UnloadEntry, load_fixture
from rig.guard.envelope import Bounds, Cause, Demand, check_demand
from rig.guard.latch import Release
from rig.guard.lease import Holder
from rig.guard.power import Order, Power
from rig.guard.rules import SlotRules
from rig.guard.watch import PinLevels
from rig.slot import Mode, Phase, Protection, Reading, Status, SupplyReading

GOOD = PinLevels(estop_closed=True, lid_closed=True, seated=True)
COLD = Demand(2.0, 2.0, Protection(16.0, 100.0))
WORK = Demand(13.6, 95.0, Protection(16.0, 100.0))
HOLDER = Holder("run-1", 42, "token")
OFF_ORDERS = (Order.HOLD_RESET, Order.OUTPUT_OFF)


def reading(volts: float = 0.0, amps: float = 0.0, mode: Mode = Mode.OFF) -> SupplyReading:
    return SupplyReading(Reading(volts), Reading(amps), Reading(volts * amps), mode)


def live_reading(amps: float, volts: float = 13.6) -> SupplyReading:
    return reading(volts, amps, Mode.CONSTANT_VOLTAGE)


class Slot:
    """Rules with a clock and the short ways through them."""

    def __init__(self) -> None:
        self.now = 100.0
        self.rules = SlotRules(self.now)

    def prove_safe(self) -> None:
        self.rules.saw_pins(GOOD, self.now)
        self.rules.saw_output_off()
        self.rules.state.saw_rest()
        self.rules.saw_supply(reading(), self.now, self.now)
        assert self.rules.power is Power.SAFE

    def lease(self) -> None:
        self.rules.grant(HOLDER, self.now)
        self.rules.saw_celsius((25.0, 25.0, 26.0, 27.0), self.now)

    def go(self, phase: Phase, demand: Demand, seconds: float = 60.0) -> None:
        self.rules.enter("token", phase, seconds, self.now)
        self.rules.allow_on("token", demand, self.now)
        self.rules.powered(self.now)

    def healthy(self, seconds: float, amps: float = 1.0) -> tuple[Order, ...]:
        """Time passes with all inputs fresh; the first orders that come of it."""
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now += 0.1
            self.rules.beat("token", self.now)
            self.rules.fans.slow_since = None
            orders = (
                self.rules.saw_pins(GOOD, self.now)
                or self.rules.saw_supply(live_reading(amps), self.now, self.now)
                or self.rules.saw_celsius((25.0,) * 4, self.now)
                or self.rules.tick(self.now)
            )
            if orders:
                return orders
        return ()


@pytest.fixture
def slot() -> Slot:
    return Slot()


@pytest.fixture
def leased(slot: Slot) -> Slot:
    slot.prove_safe()
    slot.lease()
    return slot


@pytest.fixture
def hashing(leased: Slot) -> Slot:
    leased.go(Phase.HASHING, WORK)
    assert leased.healthy(1.0, 78.0) == ()
    return leased


def tripped(slot: Slot) -> tuple[str, str]:
    with pytest.raises(GuardTrip) as caught:
        slot.rules.require("token")
    return caught.value.code, caught.value.reason


# -- from the start to a lease


def test_a_guard_that_begins_orders_everything_off(slot: Slot) -> None:
    assert slot.rules.state.begin() == (Order.OUTPUT_OFF, Order.REST)
    assert slot.rules.power is Power.STOPPING


def test_safe_needs_output_off_the_relay_at_rest_and_low_volts(slot: Slot) -> None:
    rules = slot.rules
    rules.saw_supply(reading(), slot.now, slot.now)
    assert rules.power is not Power.SAFE
    rules.saw_output_off()
    rules.saw_supply(reading(), slot.now, slot.now)
    assert rules.power is not Power.SAFE
    rules.state.saw_rest()
    rules.saw_supply(reading(volts=1.2), slot.now, slot.now)
    assert rules.power is not Power.SAFE
    blind = SupplyReading(Reading.missing(Status.OVERLOAD), Reading(0), Reading(0), Mode.OFF)
    rules.saw_supply(blind, slot.now, slot.now)
    assert rules.power is not Power.SAFE
    rules.saw_supply(reading(volts=0.9), slot.now, slot.now)
    assert rules.power is Power.SAFE


def test_an_output_found_on_is_ordered_off_again_and_again(slot: Slot) -> None:
    for _ in range(3):
        slot.rules.saw_output_off()
        orders = slot.rules.saw_supply(live_reading(3.0), slot.now, slot.now)
        assert orders == (Order.OUTPUT_OFF,)
        assert not slot.rules.state.off_read_back


def test_hot_after_five_seconds_and_safe_when_proved_later(slot: Slot) -> None:
    slot.rules.saw_pins(GOOD, slot.now)
    slot.rules.tick(slot.now + 4.9)
    assert slot.rules.power is Power.STOPPING
    slot.rules.tick(slot.now + 5.0)
    assert slot.rules.power is Power.HOT
    slot.now += 60
    slot.prove_safe()


def test_a_lease_needs_everything_in_order(slot: Slot) -> None:
    with pytest.raises(BridgeError):
        slot.rules.grant(HOLDER, slot.now)
    for pins, code in (
        (PinLevels(estop_closed=False, lid_closed=False, seated=False), "STN-ESTOP"),
        (PinLevels(estop_closed=True, lid_closed=False, seated=False), "STN-LID"),
        (PinLevels(estop_closed=True, lid_closed=True, seated=False), "OPR-UNPLUG"),
    ):
        slot.rules.saw_pins(pins, slot.now)
        with pytest.raises(GuardTrip) as caught:
            slot.rules.grant(HOLDER, slot.now)
        assert caught.value.code == code
    slot.rules.saw_pins(GOOD, slot.now)
    slot.rules.release(Release("mk"))
    with pytest.raises(InstrumentError):
        slot.rules.grant(HOLDER, slot.now)
    slot.rules.saw_supply(reading(volts=9.0), slot.now, slot.now)
    with pytest.raises(GuardError, match=r"9\.00 V"):
        slot.rules.grant(HOLDER, slot.now)
    assert slot.rules.lease is None


def test_a_second_lease_is_refused_with_who_holds_it(leased: Slot) -> None:
    with pytest.raises(GuardError, match=r"run run-1 \(process 42\)"):
        leased.rules.grant(Holder("run-2", 43, "other"), leased.now)
    with pytest.raises(GuardError, match="no lease"):
        leased.rules.require("other")


# -- switching on


def test_nothing_is_switched_on_without_a_phase(leased: Slot) -> None:
    with pytest.raises(GuardError, match="enter"):
        leased.rules.allow_on("token", COLD, leased.now)
    leased.rules.enter("token", Phase.COLD, 1.0, leased.now)
    with pytest.raises(GuardError, match="enter"):
        leased.rules.allow_on("token", COLD, leased.now + 1.0)
    assert leased.rules.power is Power.SAFE


@pytest.mark.parametrize(
    ("phase", "demand"),
    [
        (Phase.COLD, Demand(2.1, 2.0, Protection(16, 100))),
        (Phase.COLD, Demand(2.0, 2.5, Protection(16, 100))),
        (Phase.HASHING, Demand(13.6, 96.0, Protection(16, 100))),
        (Phase.HASHING, Demand(17.0, 95.0, Protection(16, 100))),
        (Phase.PRE_OPEN, Demand(-1.0, 95.0, Protection(16, 100))),
        (Phase.PRE_OPEN, Demand(15.0, 0.0, Protection(16, 100))),
    ],
)
def test_no_demand_goes_beyond_its_phase(leased: Slot, phase: Phase, demand: Demand) -> None:
    leased.rules.enter("token", phase, 10.0, leased.now)

    with pytest.raises(GuardError, match="expected"):
        leased.rules.allow_on("token", demand, leased.now)
    assert leased.rules.power is Power.SAFE


def test_a_phase_is_not_announced_for_ever(leased: Slot) -> None:
    for seconds in (0.0, -1.0, 121.0, float("inf"), float("nan")):
        with pytest.raises(GuardError, match="expected at most 120 s"):
            leased.rules.enter("token", Phase.COLD, seconds, leased.now)


def test_a_narrower_phase_needs_a_narrower_demand_first(hashing: Slot) -> None:
    with pytest.raises(GuardError, match="cold"):
        hashing.rules.enter("token", Phase.COLD, 10.0, hashing.now)


def test_volts_move_within_the_protection(hashing: Slot) -> None:
    hashing.rules.allow_volts("token", 15.9, 0.0)
    with pytest.raises(GuardError, match="16 V"):
        hashing.rules.allow_volts("token", 16.1, 0.0)


def test_volts_do_not_move_while_off(leased: Slot) -> None:
    with pytest.raises(GuardError, match="switch it on"):
        leased.rules.allow_volts("token", 2.0, 0.0)


# -- what switches off


def test_a_missing_beat_within_a_second(hashing: Slot) -> None:
    beat = hashing.now
    hashing.rules.saw_supply(live_reading(78.0), beat, beat)
    assert hashing.rules.tick(beat + 1.0) == ()
    assert hashing.rules.tick(beat + 1.01) == OFF_ORDERS
    assert tripped(hashing)[0] == "STN-GUARD"


def test_a_beat_of_another_lease_does_not_count(hashing: Slot) -> None:
    hashing.rules.beat("other", hashing.now + 0.9)

    assert hashing.rules.tick(hashing.now + 1.01) == OFF_ORDERS


def test_the_deadline_at_once(leased: Slot) -> None:
    leased.go(Phase.PRE_OPEN, WORK, 2.0)

    assert leased.healthy(1.9, 6.0) == ()
    assert leased.healthy(0.2, 6.0) == OFF_ORDERS
    code, reason = tripped(leased)
    assert (code, "pre-open" in reason) == ("STN-GUARD", True)


def test_a_new_deadline_holds(leased: Slot) -> None:
    leased.go(Phase.PRE_OPEN, WORK, 2.0)
    for _ in range(5):
        assert leased.healthy(1.5, 6.0) == ()
        leased.rules.enter("token", Phase.PRE_OPEN, 2.0, leased.now)


@pytest.mark.parametrize(
    ("phase", "demand", "good", "bad", "code"),
    [
        (Phase.COLD, COLD, 2.05, 2.2, Cause.POWER_SHORT),
        (Phase.PRE_OPEN, WORK, 13.9, 14.3, Cause.POWER_LEAK),
        (Phase.HASHING, WORK, 95.4, 96.0, Cause.POWER_HIGH),
    ],
)
def test_too_much_current_has_the_code_of_its_phase(
    leased: Slot, phase: Phase, demand: Demand, good: float, bad: float, code: Cause
) -> None:
    leased.go(phase, demand)
    assert leased.healthy(1.0, good) == ()

    assert leased.rules.saw_supply(live_reading(bad), leased.now, leased.now) == OFF_ORDERS
    assert tripped(leased)[0] == code


def test_the_current_has_a_moment_to_follow_into_a_narrower_phase(hashing: Slot) -> None:
    hashing.rules.enter("token", Phase.PRE_OPEN, 60.0, hashing.now)
    assert hashing.healthy(0.2, 78.0) == ()

    assert hashing.healthy(0.3, 78.0) == OFF_ORDERS
    assert tripped(hashing)[0] == "POWER-LEAK"


@pytest.mark.parametrize(
    ("pins", "code"),
    [
        (PinLevels(estop_closed=False, lid_closed=True, seated=True), "STN-ESTOP"),
        (PinLevels(estop_closed=True, lid_closed=False, seated=True), "STN-LID"),
        (PinLevels(estop_closed=True, lid_closed=True, seated=False), "OPR-UNPLUG"),
    ],
)
def test_an_open_interlock(hashing: Slot, pins: PinLevels, code: str) -> None:
    assert hashing.rules.saw_pins(pins, hashing.now) == OFF_ORDERS
    assert tripped(hashing)[0] == code


def test_unread_inputs(hashing: Slot) -> None:
    for silent, code, seconds in (("pins", "STN-BRIDGE", 1.5), ("supply", "STN-SUPPLY", 5.0)):
        slot = Slot()
        slot.prove_safe()
        slot.lease()
        slot.go(Phase.HASHING, WORK)
        orders: tuple[Order, ...] = ()
        began = slot.now
        while not orders:
            slot.now += 0.05
            slot.rules.beat("token", slot.now)
            if silent != "pins":
                slot.rules.saw_pins(GOOD, slot.now)
            if silent != "supply":
                slot.rules.saw_supply(live_reading(78.0), slot.now, slot.now)
            slot.rules.saw_celsius((26.0,) * 4, slot.now)
            orders = slot.rules.tick(slot.now)
        assert orders == OFF_ORDERS
        assert tripped(slot)[0] == code
        assert slot.now - began == pytest.approx(seconds, abs=0.11)


def test_a_lost_bridge_still_orders_the_output_off(hashing: Slot) -> None:
    assert Order.OUTPUT_OFF in hashing.rules.lost_bridge("port gone", hashing.now)
    assert tripped(hashing) == ("STN-BRIDGE", "port gone")


def test_a_lost_supply_still_orders_it_off(hashing: Slot) -> None:
    assert hashing.rules.lost_supply("no answer", hashing.now) == OFF_ORDERS
    assert tripped(hashing) == ("STN-SUPPLY", "no answer")


@pytest.mark.parametrize("mode", [Mode.TRIPPED, Mode.OFF])
def test_a_supply_that_went_off_by_itself(hashing: Slot, mode: Mode) -> None:
    assert hashing.rules.saw_supply(reading(13.0, 0.0, mode), hashing.now, hashing.now) == OFF_ORDERS
    assert tripped(hashing)[0] == "STN-SUPPLY"


def test_a_reading_from_before_the_output_was_on_proves_nothing(leased: Slot) -> None:
    before = leased.now - 0.05
    leased.rules.enter("token", Phase.COLD, 10.0, leased.now)
    leased.rules.allow_on("token", COLD, leased.now)
    assert leased.rules.saw_supply(reading(), before, leased.now) == ()
    leased.rules.powered(leased.now)
    assert leased.rules.saw_supply(reading(), before, leased.now) == ()


def test_a_reading_that_is_none(hashing: Slot) -> None:
    blind = SupplyReading(Reading(13.6), Reading.missing(Status.OVERLOAD), Reading(0), Mode.CONSTANT_VOLTAGE)

    assert hashing.rules.saw_supply(blind, hashing.now, hashing.now) == OFF_ORDERS


def test_over_temperature(hashing: Slot) -> None:
    assert hashing.rules.saw_celsius((64.9, 60.0, None, 64.0), hashing.now) == ()
    assert hashing.rules.saw_celsius((64.9, 60.0, None, 65.0), hashing.now) == OFF_ORDERS
    assert tripped(hashing)[0] == "TEMP-HIGH"


def test_a_sensor_that_vanishes_is_missed_the_second_time(hashing: Slot) -> None:
    assert hashing.rules.saw_celsius((50.0, None, 50.0, 50.0), hashing.now) == ()
    assert hashing.rules.saw_celsius((50.0, 50.0, 50.0, 50.0), hashing.now) == ()
    assert hashing.rules.saw_celsius((50.0, None, 50.0, 50.0), hashing.now) == ()
    assert hashing.rules.saw_celsius((50.0, None, 50.0, 50.0), hashing.now) == OFF_ORDERS
    assert tripped(hashing)[0] == "SENSOR-NONE"


def test_a_sensor_that_was_never_there_is_not_missed(slot: Slot) -> None:
    slot.prove_safe()
    slot.rules.grant(HOLDER, slot.now)
    for _ in range(5):
        slot.rules.saw_celsius((25.0, None, 25.0, None), slot.now)
    slot.go(Phase.HASHING, WORK)

    for _ in range(5):
        assert slot.rules.saw_celsius((25.0, None, 25.0, None), slot.now) == ()


def test_nothing_hashes_without_any_sensor(slot: Slot) -> None:
    slot.prove_safe()
    slot.rules.grant(HOLDER, slot.now)
    slot.go(Phase.PRE_OPEN, WORK)

    assert slot.rules.enter("token", Phase.HASHING, 60.0, slot.now) == OFF_ORDERS
    assert tripped(slot)[0] == "SENSOR-NONE"


def test_a_slow_fan_has_three_seconds(hashing: Slot) -> None:
    rules, start = hashing.rules, hashing.now
    rules.fans.command(0.3)
    good = (2219.0,) * 4
    for at, rpm, orders in (
        (0.0, (2219.0, 2219.0, 600.0, 2219.0), ()),
        (2.0, (2219.0, 2219.0, 600.0, 2219.0), ()),
        (2.5, good, ()),
        (3.5, (2219.0, 2219.0, 600.0, 2219.0), ()),
        (6.4, (2219.0, 2219.0, 0.0, 2219.0), ()),
        (6.6, (2219.0, 2219.0, 0.0, 2219.0), OFF_ORDERS),
    ):
        assert rules.saw_fans(rpm, start + at) == orders
    code, reason = tripped(hashing)
    assert (code, "fan 2" in reason) == ("STN-FAN", True)


def test_a_fan_controller_that_does_not_answer(hashing: Slot) -> None:
    hashing.rules.fans.command(1.0)
    hashing.rules.saw_fans(None, hashing.now)

    assert hashing.rules.saw_fans(None, hashing.now + 3.0) == OFF_ORDERS


def test_fans_told_to_go_faster_get_their_time_anew(hashing: Slot) -> None:
    rules, now = hashing.rules, hashing.now
    rules.fans.command(0.2)
    rules.saw_fans((900.0,) * 4, now)
    rules.fans.command(1.0)
    rules.saw_fans((1600.0,) * 4, now + 2.9)

    assert rules.saw_fans((1600.0,) * 4, now + 5.8) == ()
    assert rules.saw_fans((1600.0,) * 4, now + 5.9) == OFF_ORDERS


# -- off, and after


def test_the_first_cause_stays(hashing: Slot) -> None:
    hashing.rules.saw_celsius((70.0,) * 4, hashing.now)
    hashing.rules.lost_supply("gone too", hashing.now)
    hashing.rules.tick(hashing.now + 30)

    assert tripped(hashing)[0] == "TEMP-HIGH"
    with pytest.raises(GuardTrip, match="TEMP-HIGH"):
        hashing.rules.allow_on("token", WORK, hashing.now)
    with pytest.raises(GuardTrip, match="TEMP-HIGH"):
        hashing.rules.enter("token", Phase.HASHING, 10.0, hashing.now)


def test_off_by_order_then_on_again_in_the_same_lease(hashing: Slot) -> None:
    assert hashing.rules.off("the worker asked", hashing.now) == OFF_ORDERS
    assert not hashing.rules.may_be_live("token")
    with pytest.raises(GuardError):
        hashing.rules.allow_on("token", WORK, hashing.now)
    hashing.prove_safe()
    hashing.go(Phase.COLD, COLD)
    assert hashing.rules.power is Power.LIVE


def test_a_reading_begun_before_the_order_proves_nothing(hashing: Slot) -> None:
    before, now = hashing.now, hashing.now + 0.5
    hashing.rules.off("the worker asked", now)
    hashing.rules.saw_output_off()
    hashing.rules.state.saw_rest()

    hashing.rules.saw_supply(reading(), before, now)
    assert hashing.rules.power is Power.STOPPING
    hashing.rules.saw_supply(reading(), now + 0.01, now + 0.02)
    assert hashing.rules.power is Power.SAFE


def test_the_relay_waits_for_the_output_but_not_for_ever(hashing: Slot) -> None:
    now = hashing.now
    hashing.rules.off("the worker asked", now)
    assert hashing.rules.tick(now + 0.1) == ()
    assert hashing.rules.tick(now + 0.31) == (Order.REST,)
    assert hashing.rules.tick(now + 0.4) == ()

    other = Slot()
    other.prove_safe()
    other.lease()
    other.go(Phase.COLD, COLD)
    other.rules.off("the worker asked", other.now)
    assert other.rules.saw_output_off() == (Order.REST,)


@pytest.mark.parametrize("lost", [True, False])
def test_the_end_of_a_lease_is_the_end_of_power(hashing: Slot, lost: bool) -> None:
    assert hashing.rules.end("other", "not mine", hashing.now, lost=True) == ()
    assert hashing.rules.power is Power.LIVE
    assert hashing.rules.end("token", "gone", hashing.now, lost=lost) == OFF_ORDERS
    assert hashing.rules.lease is None
    assert (hashing.rules.last_trip is not None) == lost
    with pytest.raises(GuardError, match="no lease"):
        hashing.rules.require("token")


def test_a_bridge_that_comes_back_is_put_to_rest_unless_live(leased: Slot) -> None:
    leased.rules.lost_bridge("unplugged", leased.now)
    assert leased.rules.saw_pins(GOOD, leased.now) == (Order.REST,)
    assert leased.rules.saw_pins(GOOD, leased.now) == ()


def test_a_supply_lost_while_safe_must_be_proved_again(leased: Slot) -> None:
    assert leased.rules.lost_supply("no answer", leased.now) == OFF_ORDERS
    leased.rules.enter("token", Phase.COLD, 10.0, leased.now)
    with pytest.raises(InstrumentError):
        leased.rules.allow_on("token", COLD, leased.now)


def test_volts_on_an_output_that_was_safe(leased: Slot) -> None:
    assert leased.rules.saw_supply(reading(volts=5.0), leased.now, leased.now) == OFF_ORDERS
    assert leased.rules.power is Power.STOPPING


def test_every_transition_is_noted_with_its_reason(hashing: Slot) -> None:
    hashing.rules.saw_celsius((70.0,) * 4, hashing.now)
    notes = hashing.rules.take_notes()

    assert [what for what, _ in notes] == [
        "stopping", "safe", "leased", "phase", "live", "trip", "stopping",
    ]
    assert notes[0][1] == "guard start"
    assert notes[5][1].startswith("TEMP-HIGH: found 70.0 °C")
    assert hashing.rules.take_notes() == []


# -- lower bounds and rates


def test_a_fall_of_current_switches_settled_work_off(hashing: Slot) -> None:
    assert hashing.healthy(2.0, 78.0) == ()
    assert hashing.healthy(0.1, 60.0) == OFF_ORDERS
    assert tripped(hashing) == (
        "CHAIN-SHORT", "the board's current fell from 78.0 A to 60.0 A while hashing, without an order",
    )


@pytest.mark.parametrize("step", ["ramping", "volts", "on"])
def test_an_announced_step_does_not(hashing: Slot, step: str) -> None:
    assert hashing.healthy(2.0, 78.0) == ()
    match step:
        case "ramping":
            hashing.rules.enter("token", Phase.RAMPING, 30.0, hashing.now)
        case "volts":
            hashing.rules.allow_volts("token", 12.0, hashing.now)
        case "on":
            hashing.rules.allow_on("token", WORK, hashing.now)
            hashing.rules.powered(hashing.now)
    assert hashing.healthy(2.0, 50.0) == ()
    expected = () if step == "ramping" else OFF_ORDERS
    assert hashing.healthy(0.1, 20.0) == expected


@pytest.mark.parametrize(
    ("pins", "code"),
    [
        (PinLevels(estop_closed=False, lid_closed=True, seated=True), "STN-ESTOP"),
        (PinLevels(estop_closed=True, lid_closed=True, seated=False), "OPR-UNPLUG"),
        (GOOD, "STN-CONTACT"),                              # nothing at all flows any more
    ],
)
def test_a_current_that_fell_for_an_interlock_has_its_cause(
    hashing: Slot, pins: PinLevels, code: str
) -> None:
    hashing.healthy(1.0, 78.0)
    assert hashing.healthy(0.1, 0.0) == OFF_ORDERS
    assert hashing.rules.in_doubt("token", hashing.now)
    hashing.rules.saw_pins(GOOD, hashing.now + 0.02)
    hashing.rules.saw_pins(pins, hashing.now + 0.12)
    assert not hashing.rules.in_doubt("token", hashing.now + 0.12)
    assert tripped(hashing)[0] == code
    hashing.rules.saw_pins(PinLevels(estop_closed=True, lid_closed=False, seated=True), hashing.now + 0.2)
    assert tripped(hashing)[0] == code


def test_doubt_ends_without_a_look(hashing: Slot) -> None:
    hashing.healthy(1.0, 78.0)
    hashing.healthy(0.1, 0.0)
    assert hashing.rules.in_doubt("token", hashing.now + 0.4)
    assert not hashing.rules.in_doubt("token", hashing.now + 0.51)
    assert not hashing.rules.in_doubt("another", hashing.now)


@pytest.mark.parametrize(("kelvin_per_second", "trips"), [(1.9, False), (2.3, True), (9.0, True)])
def test_the_rate_of_rise(hashing: Slot, kelvin_per_second: float, trips: bool) -> None:
    orders: tuple[Order, ...] = ()
    celsius, began = 25.0, hashing.now
    while not orders and celsius < 60.0:
        hashing.now += 1.0
        celsius += kelvin_per_second
        orders = hashing.rules.saw_celsius((25.0, celsius, 25.0, 25.0), hashing.now)
    assert (orders == OFF_ORDERS) is trips
    if trips:
        assert tripped(hashing)[0] == "TEMP-HIGH"
        assert "K/s" in tripped(hashing)[1]
        assert hashing.now - began <= 4.0


def test_a_touch_of_the_gate_after_work(hashing: Slot) -> None:
    rules = hashing.rules
    assert rules.unload(hashing.now).why == "the output is not proved off"
    rules.off("the worker asked", hashing.now)
    hashing.prove_safe()
    assert not rules.unload(hashing.now + 29).safe
    assert rules.unload(hashing.now + 30).safe


def test_a_phase_without_a_deadline_is_no_phase(hashing: Slot) -> None:
    assert hashing.rules.lease is not None
    hashing.rules.lease.deadline = None
    assert hashing.rules.tick(hashing.now) == OFF_ORDERS
    assert tripped(hashing)[1] == "live without a phase"


# -- the rare ways


def test_phase_off_switches_off(hashing: Slot) -> None:
    assert hashing.rules.enter("token", Phase.OFF, 1.0, hashing.now) == OFF_ORDERS
    assert hashing.rules.require("token").deadline is None
    with pytest.raises(GuardError, match="announce another"):
        check_demand(WORK, Phase.OFF)


def test_nothing_goes_on_with_a_part_gone_or_before_it_is_safe(leased: Slot) -> None:
    rules = leased.rules
    rules.enter("token", Phase.COLD, 60.0, leased.now)
    rules.lost_supply("unplugged", leased.now)
    with pytest.raises(InstrumentError, match="unplugged"):
        rules.allow_on("token", COLD, leased.now)
    rules.saw_output_off()
    with pytest.raises(GuardError, match="found the slot discharging, volts unknown, expected safe"):
        rules.allow_on("token", COLD, leased.now)
    leased.prove_safe()
    rules.lost_bridge("silent", leased.now)
    with pytest.raises(BridgeError, match="silent"):
        rules.allow_on("token", COLD, leased.now)


def test_fans_matter_while_live_and_from_the_first_command(hashing: Slot) -> None:
    rules = hashing.rules
    assert rules.saw_fans((0.0,) * 4, hashing.now) == ()
    rules.fans.command(0.8)
    rules.fans.command(0.5)
    rules.saw_fans((0.0,) * 4, hashing.now)
    assert rules.fans.slow_since == hashing.now
    rules.off("asked", hashing.now)
    assert rules.saw_fans((0.0,) * 4, hashing.now + 9) == ()
    assert rules.fans.slow_since is None


def test_sensors_that_are_not_read(hashing: Slot) -> None:
    orders: tuple[Order, ...] = ()
    began = hashing.now
    while not orders:
        hashing.now += 0.1
        hashing.rules.beat("token", hashing.now)
        hashing.rules.saw_pins(GOOD, hashing.now)
        hashing.rules.saw_supply(live_reading(78.0), hashing.now, hashing.now)
        orders = hashing.rules.tick(hashing.now)
    assert tripped(hashing)[0] == "STN-BRIDGE"
    assert hashing.now - began == pytest.approx(6.0, abs=0.2)


def test_an_off_read_back_while_live_proves_nothing(hashing: Slot) -> None:
    assert hashing.rules.saw_output_off() == ()
    assert not hashing.rules.state.off_read_back


def test_the_owners_own_trip_and_the_next_board(hashing: Slot) -> None:
    assert hashing.rules.trip(Cause.FAN, "no fans", hashing.now) == OFF_ORDERS
    assert hashing.rules.trip(Cause.GUARD, "later", hashing.now) == ()
    assert tripped(hashing) == ("STN-FAN", "no fans")
    hashing.rules.end("token", "over", hashing.now, lost=False)
    hashing.rules.trip(Cause.GUARD, "nobody is there", hashing.now)
    assert hashing.rules.last_trip is not None
    assert hashing.rules.last_trip.reason == "nobody is there"
    hashing.rules.new_board()
    assert not hashing.rules.thermometers.seen


def test_volts_that_stay_though_all_is_off_are_the_supplys_fault(slot: Slot) -> None:
    """held up by volts: the output reads off and the relay is at rest, so the read-back is not believed."""
    slot.rules.saw_pins(GOOD, slot.now)
    slot.rules.saw_output_off()
    slot.rules.state.saw_rest()
    for _ in range(60):
        slot.now += 0.1
        slot.rules.saw_supply(reading(1.5), slot.now, slot.now)
        slot.rules.tick(slot.now)
    assert slot.rules.power is Power.HOT
    with pytest.raises(InstrumentError, match=r"output is off and the .* relay at rest, 1\.50 V") as fault:
        slot.rules.grant(HOLDER, slot.now)
    assert fault.value.code == "STN-SUPPLY"


def test_what_is_gone_already_is_no_news(slot: Slot) -> None:
    slot.prove_safe()
    slot.rules.take_notes()
    for _ in range(2):
        slot.rules.lost_supply("unplugged", slot.now)
        slot.rules.lost_bridge("silent", slot.now)
    assert [what for what, _ in slot.rules.take_notes()] == ["supply lost", "stopping", "bridge lost"]


def test_the_hands_are_ordered_to_rest_though_the_supply_says_nothing(slot: Slot) -> None:
    slot.rules.saw_pins(GOOD, slot.now)
    assert slot.rules.tick(slot.now + 0.2) == ()
    assert slot.rules.lost_supply("unplugged", slot.now) == ()
    slot.prove_safe()
    slot.rules.lost_supply("unplugged", slot.now)
    assert slot.rules.tick(slot.now + 0.31) == (Order.REST,)
    assert slot.rules.tick(slot.now + 0.4) == ()


def test_the_fixtures_own_bounds() -> None:
    file = Path(rig.__file__).parents[1] / "fixtures" / "sim.yaml"
    assert Bounds.of(load_fixture(file)) == Bounds(UnloadEntry(), 60.0)
