"""The outlet's watchdog: armed, fed while the slot may be live and the guard's mind is at work."""

from __future__ import annotations

import pytest

from rig.errors import InstrumentError, Role
from rig.guard.mains import OutletWatch, RelayEdges
from rig.guard.power import Power
from rig.guard.rules import SlotRules

NOW = 100.0


class Outlet:
    number = 3

    def __init__(self) -> None:
        self.told: list[float] = []
        self.dead = False

    def watch(self, seconds: float) -> None:
        if self.dead:
            raise InstrumentError(Role.SUPPLY, "no answer")
        self.told.append(seconds)

    def cut(self) -> None:
        raise AssertionError("nobody asked for that")

    feed = cut

    def is_fed(self) -> bool:
        return True


class Desk:
    """A watch of 2 s, its outlet, its rules and what was noted."""

    def __init__(self) -> None:
        self.outlet, self.rules, self.now = Outlet(), SlotRules(NOW), NOW
        self.notes: list[str] = []
        self.watch = OutletWatch(
            2.0, lambda: self.outlet, lambda see: see(self.rules, self.now), self.notes.append
        )


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.rules.state.go_live(NOW)
    return made


def test_it_is_armed_and_then_fed_four_times_in_its_time(desk: Desk) -> None:
    assert desk.watch.feed() == 0.5
    assert desk.outlet.told == []

    desk.watch.arm()
    assert desk.watch.feed() == 0.5

    assert desk.outlet.told == [2.0, 2.0]
    assert desk.notes == ["watchdog of outlet 3 armed, 2 s"]


def test_a_guard_whose_mind_stands_still_feeds_nothing(desk: Desk) -> None:
    desk.watch.arm()
    desk.now = NOW + 1.1
    desk.watch.feed()
    assert desk.outlet.told == [2.0]

    desk.rules.tick(desk.now)
    desk.watch.feed()
    assert desk.outlet.told == [2.0, 2.0]


def test_proved_off_it_is_disarmed_and_left_alone(desk: Desk) -> None:
    desk.watch.arm()
    desk.rules.state.state = Power.SAFE

    desk.watch.feed()
    desk.watch.feed()

    assert desk.outlet.told == [2.0, 0.0]
    assert desk.notes[-1] == "watchdog of outlet 3 disarmed"


def test_one_that_does_not_answer_is_told_once_and_tried_again(desk: Desk) -> None:
    desk.watch.arm()
    desk.outlet.dead = True
    desk.watch.feed()
    desk.watch.feed()
    desk.outlet.dead = False
    desk.watch.feed()

    assert desk.notes[1:] == ["watchdog of outlet 3 not fed: no answer"]
    assert desk.outlet.told == [2.0, 2.0]


def test_without_an_answer_or_a_pdu_it_is_not_armed(desk: Desk) -> None:
    desk.outlet.dead = True
    with pytest.raises(InstrumentError, match="no answer"):
        desk.watch.arm()

    nowhere = OutletWatch(2.0, lambda: None, lambda see: see(desk.rules, NOW), desk.notes.append)
    with pytest.raises(InstrumentError, match="no PDU"):
        nowhere.arm()


def test_edges_are_due_eight_times_in_the_relays_time() -> None:
    edges = RelayEdges()
    assert edges.due(2.0, NOW)
    assert edges.closed_for(NOW) == float("inf")

    edges.given(2.0, NOW)
    assert edges.high
    assert not edges.due(2.0, NOW + 0.2)
    assert edges.due(2.0, NOW + 0.25)
    edges.given(2.0, NOW + 1.0)
    assert not edges.high
    assert edges.closed_for(NOW + 1.5) == 1.5
    edges.given(2.0, NOW + 3.5)
    assert edges.closed_for(NOW + 3.5) == 0.0
