"""What becomes of a board: every rule once, and what holds for every past."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.recipe import Again, Failure, Failures, Retests, Then
from rig.verdict import Verdict
from rig.verdict.retest import (
    Action,
    Past,
    PastRun,
    Released,
    Repaired,
    RetestRules,
    next_step,
    suspect_slot,
)

WORDS = {
    "CHIP-WEAK": None,
    "BOARD-RATE": Again(most=1, other_slot=True),
    "CHAIN-WANDERS": Again(most=2, then=Then.REPAIR),
    "EEPROM-SERIAL": Again(most=0),
    "STN-LID": Again(most=9),
    "STN-LINK": None,
}
FAILURES = Failures(failures="small", version=1, codes={
    code: Failure(says=code, action="Act.", again=again) for code, again in WORDS.items()
})
RULES = RetestRules(FAILURES, ship_marginal=False)
SHIPS_MARGINAL = RetestRules(FAILURES, ship_marginal=True)


def run(verdict: Verdict, code: str | None = None, board: str | None = None, serial: str = "A") -> PastRun:
    judged = verdict if verdict <= Verdict.FAIL else Verdict.FAIL if board else None
    return PastRun(serial, "slot1", verdict, judged, code, code if verdict is Verdict.FAIL else board)


def failed(code: str = "CHIP-WEAK", serial: str = "A") -> PastRun:
    return run(Verdict.FAIL, code, serial=serial)


PASSED, MARGINAL = run(Verdict.PASS), run(Verdict.MARGINAL, "POWER-HIGH")
STATION, LID = run(Verdict.STATION_FAULT, "STN-LINK"), run(Verdict.STATION_FAULT, "STN-LID")
STOPPED = run(Verdict.ABORTED, "OPR-STOP")
PROVED = run(Verdict.STATION_FAULT, "STN-SUPPLY", board="CHIP-WEAK")
FIXED, RELEASED = Repaired("CHIP-WEAK"), Released()
SHIP, AGAIN, OTHER, REPAIR, QUARANTINE = Action


@pytest.mark.parametrize(
    ("past", "action", "why"),
    [
        ((), AGAIN, "It was not tested yet."),
        ((PASSED,), SHIP, "It passed."),
        ((PASSED, PASSED), SHIP, "It passed."),
        # a failure that is proved: repair, then two passes in a row
        ((failed(),), REPAIR,
         "The board failed with CHIP-WEAK; after the repair it must pass 2 times in a row."),
        ((failed(), FIXED), AGAIN,
         "It was repaired for CHIP-WEAK: it must pass 2 times in a row (0 so far)."),
        ((failed(), FIXED, PASSED), AGAIN,
         "It passed, but it was repaired for CHIP-WEAK: it must pass 2 times in a row (1 so far)."),
        ((failed(), FIXED, PASSED, PASSED), SHIP,
         "It passed 2 times in a row since it was repaired for CHIP-WEAK."),
        ((failed(), FIXED, PASSED, STATION, PASSED), SHIP, "It passed 2 times in a row"),
        ((failed(), FIXED, PASSED, failed(), FIXED, PASSED), AGAIN, "(1 so far)"),
        ((failed(), PASSED), AGAIN, "It passed, but it failed with CHIP-WEAK: it must pass 2"),
        ((failed(), STATION), REPAIR, "The board failed with CHIP-WEAK"),
        ((failed(), STOPPED), REPAIR, "The board failed with CHIP-WEAK"),
        ((PROVED,), REPAIR, "The board failed with CHIP-WEAK"),
        ((run(Verdict.FAIL),), REPAIR, "The board failed with no code"),
        ((failed(), FIXED) * 2 + (failed(),), QUARANTINE,
         "The board failed with CHIP-WEAK after 2 repairs, the most it may have; quality decides."),
        ((PASSED, FIXED, PASSED), AGAIN, "(1 so far)"),
        ((PASSED,) * 20 + (failed(),), REPAIR, "The board failed with CHIP-WEAK"),
        # doubt
        ((failed(), FIXED, PASSED, MARGINAL, PASSED), AGAIN, "(1 so far)"),
        ((MARGINAL, PASSED, MARGINAL), OTHER, "try 1 of at most 1 more."),
        ((MARGINAL,), OTHER, "MARGINAL leaves it open whether the board is good; try 1 of at most 1 more."),
        ((MARGINAL, PASSED), SHIP, "It passed."),
        ((MARGINAL, MARGINAL), QUARANTINE, "MARGINAL came 2 times; quality decides."),
        ((failed("BOARD-RATE"),), OTHER,
         "BOARD-RATE may have another cause than the board; try 1 of at most 1 more."),
        ((failed("BOARD-RATE"), PASSED), AGAIN, "It passed, but it failed with BOARD-RATE"),
        ((failed("BOARD-RATE"), PASSED, PASSED), SHIP, "It passed 2 times in a row since it failed"),
        ((failed("BOARD-RATE"),) * 2, QUARANTINE, "BOARD-RATE came 2 times; quality decides."),
        ((failed("BOARD-RATE"), FIXED, failed("BOARD-RATE")), OTHER, "try 1 of at most 1 more"),
        ((failed("CHAIN-WANDERS"),) * 2, AGAIN, "try 2 of at most 2 more"),
        ((failed("CHAIN-WANDERS"),) * 3, REPAIR, "CHAIN-WANDERS came 3 times; after the repair"),
        ((FIXED, FIXED) + (failed("CHAIN-WANDERS"),) * 3, QUARANTINE, "after 2 repairs"),
        ((failed("EEPROM-SERIAL"),), QUARANTINE, "EEPROM-SERIAL is not tried again; quality decides."),
        # the station's and the people's
        ((STATION,), OTHER,
         "STN-LINK is not the board's fault and it was not judged; try 1 of at most 2 more."),
        ((STATION,) * 3, QUARANTINE, "A station fault came 3 times; quality decides."),
        ((STATION, STATION, PASSED), SHIP, "It passed."),
        ((run(Verdict.STATION_FAULT),), OTHER, "No code is not the board's fault"),
        ((LID,) * 9, AGAIN, "try 9 of at most 9 more"),
        ((STOPPED,) * 50, AGAIN, "The run was ended with OPR-STOP before the board was judged."),
        # quarantine lasts
        ((MARGINAL, MARGINAL, PASSED, PASSED, FIXED, PASSED), QUARANTINE, "MARGINAL came 2 times"),
        ((MARGINAL, MARGINAL, RELEASED), AGAIN, "Released from quarantine; it must pass."),
        ((MARGINAL, MARGINAL, RELEASED, PASSED), SHIP, "It passed."),
        ((failed("BOARD-RATE"),) * 2 + (RELEASED, PASSED), AGAIN, "(1 so far)"),
        ((failed(), PASSED) * 5, QUARANTINE, "10 verdicts, the most it may have, left it open"),
    ],
)
def test_the_next_step(past: tuple[Past, ...], action: Action, why: str) -> None:
    step = next_step(past, RULES)
    assert step.action is action, step.why
    assert why in step.why


def test_what_the_recipe_ships_is_no_doubt() -> None:
    assert next_step((MARGINAL,), SHIPS_MARGINAL).action is SHIP
    assert next_step((failed(), FIXED, MARGINAL), SHIPS_MARGINAL).action is AGAIN
    assert next_step((failed(), FIXED, MARGINAL, PASSED), SHIPS_MARGINAL).action is SHIP


RUNS = st.one_of(
    st.sampled_from((PASSED, MARGINAL, STATION, LID, STOPPED, PROVED)),
    st.sampled_from(tuple(map(failed, WORDS))),
)
EVENTS = st.lists(st.one_of(RUNS, RUNS, RUNS, st.just(FIXED), st.just(RELEASED)), max_size=40)
POLICIES = st.builds(
    lambda ship, **told: RetestRules(
        FAILURES.model_copy(update={"retests": Retests(**told)}), ship_marginal=ship
    ),
    st.booleans(),
    most_repairs=st.integers(0, 3), passes_after_failure=st.integers(1, 3), most_runs=st.integers(1, 8),
)


@given(EVENTS, POLICIES)
def test_nothing_ships_without_its_passes(past: list[Past], rules: RetestRules) -> None:
    if next_step(past, rules).action is not SHIP:
        return
    assert isinstance(past[-1], PastRun)
    assert rules.ships(past[-1].verdict)
    passes = 0
    for event in reversed(past):
        fails = isinstance(event, PastRun) and event.board_verdict is Verdict.FAIL
        if fails or isinstance(event, Repaired):
            assert passes >= rules.retests.passes_after_failure
            return
        passes += isinstance(event, PastRun) and rules.ships(event.verdict)


@given(EVENTS, POLICIES)
def test_no_board_has_more_than_the_maximum(past: list[Past], rules: RetestRules) -> None:
    """Whoever does what the policy says, and is refused in quarantine, stays within every bound."""
    done, verdicts, faults = list[Past](), 0, 0
    for event in past:
        action = next_step(done, rules).action
        if isinstance(event, Released):
            verdicts = faults = 0
        elif isinstance(event, Repaired):
            faults = 0
        elif action is QUARANTINE:
            continue
        else:
            verdicts += event.board_verdict is not None
            faults += event is STATION and action is not REPAIR
        done.append(event)
        assert verdicts <= rules.retests.most_runs
        assert faults <= rules.retests.station.most + 1
        if next_step(done, rules).action is SHIP:
            verdicts = faults = 0


@given(EVENTS, EVENTS, POLICIES)
def test_only_a_release_ends_quarantine(past: list[Past], later: list[Past], rules: RetestRules) -> None:
    if next_step(past, rules).action is QUARANTINE:
        kept = [event for event in later if not isinstance(event, Released)]
        assert next_step([*past, *kept], rules) == next_step(past, rules)
        assert next_step([*past, *kept, RELEASED], rules).action is AGAIN


@given(EVENTS, POLICIES)
def test_repairs_are_never_asked_for_beyond_the_most(past: list[Past], rules: RetestRules) -> None:
    if next_step(past, rules).action is REPAIR:
        since = past[max((n for n, one in enumerate(past) if one is RELEASED), default=-1) + 1:]
        assert since.count(FIXED) < rules.retests.most_repairs


def test_one_code_on_different_boards_in_a_row_makes_a_slot_suspect() -> None:
    last = [PASSED, failed("CHIP-WEAK", "X"), *(failed("CHAIN-NONE", serial) for serial in "BCD")]
    said = suspect_slot(last, RULES)
    assert said is not None
    assert said.startswith("3 different boards in a row failed here with CHAIN-NONE (the last: B, C, D). ")
    assert suspect_slot(last[:-1], RULES) is None


@pytest.mark.parametrize(
    ("between", "suspect"),
    [(STATION, True), (STOPPED, True), (failed("CHAIN-NONE", "B"), True), (PASSED, False), (MARGINAL, False),
     (failed("CHIP-WEAK", "E"), False), (run(Verdict.FAIL, serial="E"), False)],
)
def test_what_breaks_the_row(between: PastRun, suspect: bool) -> None:
    last = [failed("CHAIN-NONE", "B"), between, failed("CHAIN-NONE", "C"), failed("CHAIN-NONE", "D")]
    assert (suspect_slot(last, RULES) is not None) is suspect


def test_a_slot_that_never_failed_is_not_suspect() -> None:
    assert suspect_slot((), RULES) is None
    assert suspect_slot([run(Verdict.PASS, serial=serial) for serial in "ABCD"], RULES) is None
    assert suspect_slot([failed("CHAIN-NONE", serial) for serial in "BCBCB"], RULES) is None
