"""What outlives a lease, and the named person who ends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.errors import BridgeError, GuardError, GuardTrip
from rig.guard.envelope import Bounds
from rig.guard.latch import Latch, Release
from rig.guard.lease import Holder
from rig.guard.memory import Latches
from rig.guard.power import Order, Power
from rig.guard.rules import SlotRules
from rig.guard.watch import PinLevels
from rig.slot import Mode, Reading, SupplyReading

GOOD = PinLevels(estop_closed=True, lid_closed=True, seated=True)
PRESSED = PinLevels(estop_closed=False, lid_closed=True, seated=True)
OFF = SupplyReading(Reading(0.1), Reading(0.0), Reading(0.0), Mode.OFF)
ON = SupplyReading(Reading(13.6), Reading(3.0), Reading(40.8), Mode.CONSTANT_VOLTAGE)
HOLDER = Holder("run-1", 42, "token")
BY_MK = Release("mk")


@pytest.fixture
def rules() -> SlotRules:
    made = SlotRules(100.0, Bounds(), name="slot1", stamp=lambda: "2026-01-02T03:04:05+00:00")
    made.saw_pins(GOOD, 100.0)
    made.saw_output_off()
    made.state.saw_rest()
    made.saw_supply(OFF, 100.0, 100.0)
    assert made.unload(131.0).safe
    return made


def hot(rules: SlotRules) -> SlotRules:
    """Ordered off and not proved safe: its bridge is gone."""
    rules.lost_bridge("unplugged", 100.0)
    rules.saw_supply(SupplyReading(Reading(5.0), Reading(0.0), Reading(0.0), Mode.OFF), 101.0, 101.0)
    rules.tick(107.0)
    assert rules.power is Power.HOT
    return rules


def test_an_estop_outlives_its_closing_until_a_named_person_releases_it(rules: SlotRules) -> None:
    rules.saw_pins(PRESSED, 101.0)
    with pytest.raises(GuardError, match="close it by hand"):
        rules.release(BY_MK)
    rules.saw_pins(GOOD, 102.0)
    with pytest.raises(GuardTrip, match=r"2026-01-02.* rig guard release slot1 --operator NAME") as caught:
        rules.grant(HOLDER, 102.0)
    assert caught.value.code == "STN-ESTOP"

    assert rules.release(BY_MK) == "the e-stop of 2026-01-02T03:04:05+00:00"
    assert ("released by hand", "the e-stop of 2026-01-02T03:04:05+00:00, by mk") in rules.take_notes()
    assert rules.power is Power.SAFE
    rules.grant(HOLDER, 102.0)


def test_an_estop_of_a_live_slot_trips_and_stays(rules: SlotRules) -> None:
    rules.grant(HOLDER, 101.0)
    rules.saw_pins(PRESSED, 102.0)
    rules.saw_pins(GOOD, 103.0)
    with pytest.raises(GuardError, match="end the run first"):
        rules.release(BY_MK)
    rules.end("token", "given back", 104.0, lost=False)
    with pytest.raises(GuardTrip, match="guard release"):
        rules.grant(HOLDER, 104.0)


def test_a_loop_that_cannot_be_seen_is_not_released(rules: SlotRules) -> None:
    rules.saw_pins(PRESSED, 101.0)
    rules.lost_bridge("unplugged", 102.0)
    with pytest.raises(GuardError, match="cannot be seen"):
        rules.release(BY_MK)


@pytest.mark.parametrize("name", ["", "  ", "m\nk", "x" * 61])
def test_nobody_releases_nothing(rules: SlotRules, name: str) -> None:
    rules.saw_pins(PRESSED, 101.0)
    rules.saw_pins(GOOD, 102.0)
    with pytest.raises(GuardError, match="operator"):
        rules.release(Release(name))
    assert rules.after.latch is not None


def test_there_must_be_something_to_release(rules: SlotRules) -> None:
    assert rules.unload(131.0).safe
    with pytest.raises(GuardError, match="nothing to release, the slot is safe"):
        rules.release(BY_MK)


def test_a_hot_slot_needs_volts_measured_by_hand(rules: SlotRules) -> None:
    hot(rules)
    with pytest.raises(GuardError, match="nothing to release, the slot is hot"):
        rules.release(BY_MK)
    with pytest.raises(GuardError, match=r"found 1 V measured by hand, expected below 1 V"):
        rules.release(Release("mk", 1.0))
    assert rules.release(Release("mk", 0.2)) == "a slot that nothing proved safe, 0.2 V measured by hand"
    assert rules.power is Power.SAFE
    assert rules.unload(200.0).safe
    with pytest.raises(BridgeError):
        rules.grant(HOLDER, 200.0)
    assert rules.saw_supply(ON, 201.0, 201.0) == (Order.HOLD_RESET, Order.OUTPUT_OFF)
    assert rules.power is Power.STOPPING


def test_nobody_talks_away_a_supply_that_delivers(rules: SlotRules) -> None:
    hot(rules)
    rules.saw_supply(ON, 108.0, 108.0)
    with pytest.raises(GuardError, match="still delivers"):
        rules.release(Release("mk", 0.2))


def test_a_warm_board_is_released_or_taken_out(rules: SlotRules) -> None:
    rules.after.gate.close()
    rules.saw_supply(OFF, 101.0, 101.0)
    rules.saw_celsius((50.0,), 101.0)
    assert "50 °C" in rules.unload(140.0).why
    assert rules.release(BY_MK) == "a board that was not proved cool"
    assert rules.unload(140.0).safe

    rules.after.gate.close()
    rules.saw_pins(PinLevels(estop_closed=True, lid_closed=True, seated=False), 141.0)
    assert rules.unload(141.0).safe


def test_the_next_guard_knows_of_it(tmp_path: Path) -> None:
    file = tmp_path / "latches.json"
    latch = Latch("the e-stop loop was opened", "2026-01-02T03:04:05+00:00")
    one = Latches(file, lambda write: write())
    one.keep("slot1", latch)
    one.keep("slot1", latch)
    one.keep("slot2", latch)
    one.keep("slot2", None)
    one.keep("slot3", None)

    next_one = Latches(file, lambda write: write())
    assert (next_one.of("slot1"), next_one.of("slot2")) == (latch, None)


@pytest.mark.parametrize("text", ["", "[]", '{"slot1": 3}', '{"slot1": {"reason": "x"}}'])
def test_a_broken_memory_is_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "latches.json"
    file.write_text(text)

    assert Latches(file, lambda write: write()).of("slot1") is None
