"""A supply lent for a check: when it is, and what takes it back. Virtual time."""

from __future__ import annotations

import pytest

from rig.errors import BridgeError, GuardError, GuardTrip
from rig.guard.latch import Release
from rig.guard.lease import Holder
from rig.guard.loan import Wanted
from rig.guard.power import Order, Power
from rig.guard.report import slot_report
from rig.guard.rules import SlotRules
from rig.guard.watch import PinLevels
from rig.slot import Mode, Reading, SupplyReading

EMPTY = PinLevels(estop_closed=True, lid_closed=True, seated=False)
SEATED = PinLevels(estop_closed=True, lid_closed=True, seated=True)
OPEN_LOOP = PinLevels(estop_closed=False, lid_closed=True, seated=False)
DEAD = SupplyReading(Reading(0.0), Reading(0.0), Reading(0.0), Mode.OFF)
CHECK, RUN = Holder("check", 7, "loan"), Holder("run-1", 42, "token")
WANTED = Wanted(1.0, 0.1)
OFF_ORDERS = (Order.HOLD_RESET, Order.OUTPUT_OFF)


@pytest.fixture
def rules() -> SlotRules:
    """A slot without a board, proved off at 100 s."""
    made = SlotRules(100.0)
    prove_off(made, 100.0)
    return made


def prove_off(rules: SlotRules, now: float) -> None:
    rules.saw_pins(EMPTY, now)
    rules.saw_output_off()
    rules.state.saw_rest()
    rules.saw_supply(DEAD, now, now)
    assert rules.power is Power.SAFE


@pytest.fixture
def lent(rules: SlotRules) -> SlotRules:
    rules.lend(CHECK, WANTED, 100.0)
    assert rules.power is Power.LENT
    return rules


def taken_back(rules: SlotRules, orders: tuple[Order, ...], why: str) -> None:
    assert orders == OFF_ORDERS
    assert rules.loan is None
    assert rules.power is Power.STOPPING
    with pytest.raises(GuardError, match=why):
        rules.require_lent("loan")


def test_a_lent_supply_is_the_borrowers_until_it_is_given_back(lent: SlotRules) -> None:
    lent.require_lent("loan")
    assert not lent.unload(100.5).safe
    with pytest.raises(GuardError, match="took the supply back"):
        lent.require_lent("another's")

    assert lent.end("another's", "over", 101.0, lost=False) == ()
    taken_back(lent, lent.end("loan", "given back", 101.0, lost=False), "given back")


def test_after_it_came_back_the_slot_must_be_proved_off_anew(lent: SlotRules) -> None:
    lent.end("loan", "given back", 101.0, lost=False)
    lent.saw_supply(DEAD, 101.5, 101.5)
    assert lent.power is Power.STOPPING

    prove_off(lent, 102.0)

    lent.saw_pins(SEATED, 102.0)
    lent.grant(RUN, 102.0)


@pytest.mark.parametrize(
    ("wanted", "why"),
    [(Wanted(1.01, 0.1), "1.01 V"), (Wanted(1.0, 0.2), "0.2 A"), (Wanted(0.0, 0.1), "0 V")],
)
def test_no_more_than_a_volt_and_a_tenth_of_an_amp(rules: SlotRules, wanted: Wanted, why: str) -> None:
    with pytest.raises(GuardError, match=why):
        rules.lend(CHECK, wanted, 100.0)


def test_with_a_board_in_it_is_not_lent(rules: SlotRules) -> None:
    rules.saw_pins(SEATED, 100.0)

    with pytest.raises(GuardError, match="found a board in the slot"):
        rules.lend(CHECK, WANTED, 100.0)


def test_nor_while_a_run_has_the_slot_or_is_about_to(rules: SlotRules) -> None:
    rules.claims = 1
    with pytest.raises(GuardError, match="a run is about to take the slot"):
        rules.lend(CHECK, WANTED, 100.0)
    rules.claims = 0
    rules.saw_pins(SEATED, 100.0)
    rules.grant(RUN, 100.0)

    with pytest.raises(GuardError, match="leased by run run-1"):
        rules.lend(CHECK, WANTED, 100.0)


def test_nor_while_an_estop_is_latched(rules: SlotRules) -> None:
    rules.saw_pins(OPEN_LOOP, 100.0)
    rules.saw_pins(EMPTY, 100.1)

    with pytest.raises(GuardTrip, match="rig guard release"):
        rules.lend(CHECK, WANTED, 100.2)


def test_nor_with_a_bridge_that_does_not_answer(rules: SlotRules) -> None:
    rules.lost_bridge("silent", 100.0)

    with pytest.raises(BridgeError, match="not lent: silent"):
        rules.lend(CHECK, WANTED, 100.0)


def test_nor_before_it_is_proved_off(rules: SlotRules) -> None:
    rules.lost_supply("no answer", 100.0)

    with pytest.raises(GuardError, match=r"discharging.*no answer.*expected safe"):
        rules.lend(CHECK, WANTED, 100.0)


def test_a_second_borrower_a_run_and_a_persons_word_wait(lent: SlotRules) -> None:
    for ask in (
        lambda: lent.lend(Holder("check", 8, "other"), WANTED, 100.0),
        lambda: lent.grant(RUN, 100.0),
        lambda: lent.release(Release("mk")),
    ):
        with pytest.raises(GuardError, match=r"lent to a check \(process 7\)"):
            ask()


def test_what_was_asked_before_it_was_lent_changes_nothing(lent: SlotRules) -> None:
    on = SupplyReading(Reading(1.0), Reading(0.05), Reading(0.05), Mode.CONSTANT_VOLTAGE)

    assert lent.saw_supply(on, 99.9, 100.1) == ()
    assert lent.saw_output_off() == ()
    assert lent.lost_supply("no answer", 100.1) == ()
    assert lent.power is Power.LENT
    lent.require_lent("loan")


def test_beats_keep_it_and_their_end_takes_it_back(lent: SlotRules) -> None:
    for tenth in range(1, 31):
        now = 100.0 + tenth / 10
        lent.beat("loan", now)
        lent.saw_pins(EMPTY, now)
        assert lent.tick(now) == ()

    lent.saw_pins(EMPTY, 104.05)
    taken_back(lent, lent.tick(104.05), "no beat")


def test_a_borrower_that_never_ends_has_its_time(lent: SlotRules) -> None:
    lent.beat("loan", 400.0)
    lent.saw_pins(EMPTY, 400.0)

    taken_back(lent, lent.tick(400.0), "had it for 300 s")


def test_a_board_that_is_put_in_takes_it_back(lent: SlotRules) -> None:
    taken_back(lent, lent.saw_pins(SEATED, 100.5), "a board was put in")


def test_an_estop_takes_it_back_and_latches(lent: SlotRules) -> None:
    taken_back(lent, lent.saw_pins(OPEN_LOOP, 100.5), "e-stop")
    assert lent.after.latch is not None


def test_a_bridge_that_is_lost_or_late_takes_it_back(lent: SlotRules) -> None:
    taken_back(lent, lent.lost_bridge("silent", 100.5), "bridge was lost")

    prove_off(lent, 102.0)
    lent.lend(CHECK, WANTED, 102.0)
    lent.beat("loan", 103.6)
    taken_back(lent, lent.tick(103.6), "not read in time")


def test_a_guard_that_is_told_to_stop_takes_it_back(lent: SlotRules) -> None:
    taken_back(lent, lent.off("the guard was told to stop", 100.5), "told to stop")


def test_the_loan_is_shown(lent: SlotRules) -> None:
    shown = slot_report(lent, 110.0)

    assert shown["state"] == "lent"
    assert shown["loan"] == {"pid": 7, "seconds_left": 290.0}
