"""The flow in virtual time: what is scanned, what the guard sees, what is ordered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.purpose import Purpose
from rig.slot import Unload
from rig.station.flow import (
    PENDING_SECONDS,
    TWICE_SECONDS,
    Admission,
    Answer,
    EndShift,
    Person,
    Release,
    Rework,
    Start,
    StationFlow,
    Stop,
)
from rig.station.roles import Role
from rig.station.scans import Kind, Scan
from rig.station.slotflow import Conditions, Ended, Missing, SlotFlow
from rig.station.view import TileState
from rig.station.words import say

GOOD = Conditions(at=0.0, estop_closed=True, lid_closed=True, seated=True)
HOT = Unload(safe=False, seconds_left=20.0, celsius=55.0, why="off for 10 s, expected 30")
OPERATOR = Person("0417", Role.OPERATOR, "2026-11-28T10:00:00Z")
TECHNICIAN = Person("0418", Role.TECHNICIAN, "2026-11-28T10:00:00Z")
FREE = Admission()
A, B = "BOARDA", "BOARDB"


class Floor:
    """A station of some slots, its guard's word, and a clock that tests move."""

    def __init__(self, slots: int = 2, *, reseat: bool = False, seated: bool = True) -> None:
        self.now = 100.0
        self.full: set[str] = set()
        named = {f"slot{n}": SlotFlow(f"slot{n}", n, reseat=reseat) for n in range(1, slots + 1)}
        self.flow = StationFlow(named, "six letters", lambda slot: slot not in self.full)
        for name in named:
            self.sees(name, seated=seated)

    def sees(self, slot: str, **changes: object) -> tuple[object, ...]:
        before = self.flow.slots[slot].conditions or GOOD
        return self.flow.saw(slot, replace(before, at=self.now, **changes), self.now)  # type: ignore[arg-type]

    def board(self, serial: str, admission: Admission = FREE, person: Person = OPERATOR) -> Answer:
        return self.flow.scanned(Scan(Kind.BOARD, serial, serial=serial), person, admission, self.now)

    def card(self, kind: Kind, number: int = 0, person: Person = OPERATOR, code: str = "") -> Answer:
        scan = Scan(kind, f"{kind}-{number}", number=number, code=code)
        return self.flow.scanned(scan, person, FREE, self.now)

    def runs(self, serial: str, number: int) -> None:
        """A board is scanned into a slot and starts."""
        self.card(Kind.SLOT, number)
        assert self.board(serial).orders

    def ends(self, number: int, state: TileState, serial: str = A) -> None:
        self.flow.finished(f"slot{number}", Ended(serial, state))


def test_slot_then_board_starts_at_once() -> None:
    floor = Floor()

    first = floor.card(Kind.SLOT, 2)
    second = floor.board(A)

    assert (first.outcome, first.words.key) == ("accepted", "pending.slot")
    assert [order.slot for order in second.orders if isinstance(order, Start)] == ["slot2"]


def test_board_then_slot_starts_at_once_and_its_presses_go_with_it() -> None:
    floor = Floor()

    floor.board(A)
    answer = floor.card(Kind.SLOT, 1)

    (order,) = answer.orders
    assert isinstance(order, Start)
    assert order.asked.serial == A
    assert [press.split(" at ")[0] for press in order.asked.presses] == [
        "0417 scanned BOARDA", "0417 scanned SLOT-1"
    ]


def test_the_only_slot_with_a_fresh_board_needs_no_scan_of_its_own() -> None:
    floor = Floor(seated=False)
    floor.sees("slot2", seated=True)

    answer = floor.board(A)

    assert [order.slot for order in answer.orders if isinstance(order, Start)] == ["slot2"]


def test_a_board_that_is_seated_after_its_scan_tells_the_slot() -> None:
    floor = Floor(seated=False)
    floor.board(A)

    orders = floor.sees("slot1", seated=True)

    assert [order.slot for order in orders if isinstance(order, Start)] == ["slot1"]


@pytest.mark.parametrize(
    ("seen", "missing"),
    [
        ({"seated": False}, Missing.SEAT), ({"lid_closed": False}, Missing.LID),
        ({"estop_closed": False}, Missing.ESTOP), ({"latched": True}, Missing.RELEASE),
        ({"fault": "no answer"}, Missing.BRIDGE), ({"estop_closed": False, "seated": False}, Missing.ESTOP),
    ],
)
def test_a_board_waits_for_what_is_missing_and_starts_by_itself_then(
    seen: dict[str, object], missing: Missing
) -> None:
    floor = Floor()
    floor.sees("slot1", **seen)
    floor.card(Kind.SLOT, 1)

    answer = floor.board(A)

    assert answer.orders == ()
    assert floor.flow.slots["slot1"].missing(floor.now, feed_free=True) is missing
    good = {name: getattr(GOOD, name) for name in seen}
    assert [type(order) for order in floor.sees("slot1", **good)] == [Start]


def test_nothing_starts_when_the_guard_has_been_silent() -> None:
    floor = Floor()
    floor.now += 10

    floor.card(Kind.SLOT, 1)
    answer = floor.board(A)

    assert answer.orders == ()
    assert floor.flow.slots["slot1"].missing(floor.now, feed_free=True) is Missing.GUARD


def test_a_full_feed_holds_a_board_back_until_it_has_room() -> None:
    floor = Floor()
    floor.full.add("slot1")
    floor.card(Kind.SLOT, 1)
    floor.board(A)
    assert floor.flow.slots["slot1"].asked is not None

    floor.full.clear()

    assert [type(order) for order in floor.flow.tick(floor.now)] == [Start]


def test_a_verdict_stays_until_the_next_scan() -> None:
    floor = Floor()
    floor.runs(A, 1)

    floor.ends(1, TileState.PASS)
    floor.now += 3600
    floor.sees("slot1")

    assert floor.flow.slots["slot1"].ended == Ended(A, TileState.PASS)


@pytest.mark.parametrize("state", [TileState.FAIL, TileState.STATION_FAULT])
def test_a_failure_must_be_acknowledged_before_the_next_board(state: TileState) -> None:
    floor = Floor()
    floor.runs(A, 1)
    floor.ends(1, state)

    assert floor.flow.slots["slot1"].needs_ack
    first = floor.card(Kind.SLOT, 1)
    assert first.words.key == "accepted.acknowledged"
    assert not floor.flow.slots["slot1"].needs_ack

    floor.card(Kind.SLOT, 1)
    assert [type(order) for order in floor.board(B).orders] == [Start]


def test_a_hot_slot_takes_no_other_board_but_the_same_one_again() -> None:
    floor = Floor()
    floor.runs(A, 1)
    floor.ends(1, TileState.MARGINAL)
    floor.sees("slot1", unload=HOT)

    floor.card(Kind.SLOT, 1)
    other = floor.board(B)
    same = floor.board(A)

    assert other.words.key == "refused.hot"
    assert [type(order) for order in same.orders] == [Start]


def test_on_a_real_bench_the_last_board_must_come_out_first() -> None:
    floor = Floor(reseat=True)
    floor.runs(A, 1)
    floor.ends(1, TileState.PASS)
    floor.card(Kind.SLOT, 1)

    answer = floor.board(B)

    assert answer.orders == ()
    assert floor.flow.slots["slot1"].missing(floor.now, feed_free=True) is Missing.CHANGE
    assert floor.sees("slot1", seated=False) == ()
    assert [type(order) for order in floor.sees("slot1", seated=True)] == [Start]


def test_a_slot_that_somebody_else_runs_is_waited_for_and_its_board_comes_out_first() -> None:
    floor = Floor(reseat=True)
    taken = {"leased": True, "live": True, "taken_by": "run nightly-7 (process 4711)", "lid_closed": True}
    floor.sees("slot1", **taken)
    floor.card(Kind.SLOT, 1)
    floor.board(A)
    waits = floor.flow.slots["slot1"].missing(floor.now, feed_free=True)

    started = floor.sees("slot1", leased=False, live=False, taken_by="")

    assert waits is Missing.TAKEN
    assert started == ()
    assert floor.flow.slots["slot1"].missing(floor.now, feed_free=True) is Missing.CHANGE
    floor.sees("slot1", seated=False)
    assert [type(order) for order in floor.sees("slot1", seated=True)] == [Start]


def test_a_board_is_in_one_slot_only() -> None:
    floor = Floor()
    floor.runs(A, 1)
    floor.now += TWICE_SECONDS

    assert floor.board(A).words.key == "refused.busy_board"


def test_a_board_that_the_scanner_reads_twice_is_no_mistake() -> None:
    floor = Floor()
    floor.runs(A, 1)
    floor.now += 0.3

    again = floor.board(A)

    assert (again.outcome, again.words.key, again.slot, again.orders) == (
        "ignored", "ignored.again", "slot1", ()
    )


def test_a_board_scanned_again_after_something_else_is_told_where_it_is() -> None:
    floor = Floor()
    floor.runs(A, 1)

    floor.card(Kind.UNKNOWN)

    assert floor.board(A).words.key == "refused.busy_board"


def test_a_busy_slot_takes_no_scan() -> None:
    floor = Floor()
    floor.runs(A, 1)

    assert floor.card(Kind.SLOT, 1).words.key == "refused.busy_slot"


def test_a_refusal_comes_before_anything_else() -> None:
    floor = Floor()
    floor.card(Kind.SLOT, 1)

    answer = floor.board(A, Admission(refusal=say("refused.passed", serial=A)))

    assert (answer.outcome, answer.words.key, answer.orders) == ("refused", "refused.passed", ())


def test_a_board_does_not_go_back_into_the_slot_its_policy_excludes() -> None:
    floor = Floor(slots=3)
    floor.board(A, Admission(not_in="slot1", why="CHAIN-WANDERS"))

    refused = floor.card(Kind.SLOT, 1)
    taken = floor.card(Kind.SLOT, 2)

    assert refused.words.key == "refused.other_slot"
    assert [type(order) for order in taken.orders] == [Start]


def test_half_a_pair_of_scans_is_forgotten() -> None:
    floor = Floor()
    floor.board(A)
    floor.now += PENDING_SECONDS + 1

    answer = floor.card(Kind.SLOT, 1)

    assert answer.words.key == "pending.slot"


def test_stop_stops_a_run_and_withdraws_a_board_that_waits() -> None:
    floor = Floor()
    floor.runs(A, 1)
    floor.sees("slot2", lid_closed=False)
    floor.card(Kind.SLOT, 2)
    floor.board(B)

    stopped = floor.card(Kind.STOP, 1)
    withdrawn = floor.card(Kind.STOP, 2)
    nothing = floor.card(Kind.STOP, 2)

    assert stopped.orders == (Stop("slot1", "0417"),)
    assert withdrawn.words.key == "accepted.withdrawn"
    assert nothing.words.key == "refused.nothing_to_stop"


def test_release_and_rework_need_a_technician() -> None:
    floor = Floor()

    assert floor.card(Kind.RELEASE, 1).words.key == "refused.role"
    assert floor.card(Kind.REWORK, code="CHIP-WEAK").words.key == "refused.role"
    assert floor.card(Kind.RELEASE, 1, TECHNICIAN).orders == (Release("slot1", "0418"),)


def test_a_rework_card_takes_the_next_board() -> None:
    floor = Floor()
    floor.card(Kind.REWORK, person=TECHNICIAN, code="CHIP-WEAK")

    answer = floor.board(A, person=TECHNICIAN)

    assert answer.orders == (Rework(A, "CHIP-WEAK", "0418"),)


def test_a_shift_ends_when_nothing_runs() -> None:
    floor = Floor()
    floor.runs(A, 1)

    assert floor.card(Kind.SHIFT_END).words.key == "refused.runs_open"
    floor.ends(1, TileState.PASS)
    assert floor.card(Kind.SHIFT_END).orders == (EndShift("0417"),)


def test_a_slot_that_is_not_there_is_named() -> None:
    answer = Floor(slots=2).card(Kind.STOP, 9)

    assert (answer.words.key, answer.words.params["slots"]) == ("refused.no_slot", "1 to 2")


def test_a_golden_board_keeps_its_purpose() -> None:
    floor = Floor()
    floor.card(Kind.SLOT, 1)

    answer = floor.board(A, Admission(Purpose.GOLDEN))

    (order,) = answer.orders
    assert isinstance(order, Start)
    assert order.asked.purpose is Purpose.GOLDEN
    assert answer.words.key == "accepted.golden"


STEPS = st.lists(st.one_of(
    st.tuples(st.just("board"), st.sampled_from([A, B, "BOARDC"])),
    st.tuples(st.sampled_from(["slot", "stop"]), st.integers(1, 3)),
    st.tuples(st.sampled_from(["lid", "estop", "seated", "hot"]), st.integers(1, 3)),
    st.tuples(st.just("end"), st.integers(1, 3)), st.tuples(st.just("wait"), st.integers(1, 90)),
), max_size=40)


@given(STEPS)
def test_whatever_is_scanned_no_run_starts_without_its_conditions(steps: list[tuple[str, object]]) -> None:
    floor = Floor(slots=3)
    running: dict[str, str] = {}
    for step, value in steps:
        orders: tuple[object, ...] = ()
        if step == "board":
            orders = floor.board(str(value)).orders
        elif step in ("slot", "stop"):
            orders = floor.card(Kind(step), int(str(value))).orders
        elif step == "wait":
            floor.now += int(str(value))
            for name in floor.flow.slots:
                orders += floor.sees(name)
        else:
            name = f"slot{value}"
            found = floor.flow.slots[name].conditions or GOOD
            if step == "end" and name in running:
                floor.flow.finished(name, Ended(running.pop(name), TileState.FAIL))
            elif step == "hot":
                orders = floor.sees(name, unload=HOT if found.unload.safe else GOOD.unload)
            elif step != "end":
                field = {"lid": "lid_closed", "estop": "estop_closed", "seated": "seated"}[step]
                orders = floor.sees(name, **{field: not getattr(found, field)})
        for order in orders:
            if isinstance(order, Start):
                seen = floor.flow.slots[order.slot].conditions
                assert order.slot not in running
                assert order.asked.serial not in running.values()
                assert seen is not None
                assert (seen.estop_closed, seen.lid_closed, seen.seated) == (True, True, True)
                running[order.slot] = order.asked.serial
