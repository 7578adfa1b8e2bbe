"""Slots side by side, never more than the site allows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rig.clock import VirtualClock
from rig.night.nightly import side_by_side
from rig.night.schedule import Job, schedule
from rig.night.slotnight import Taken
from tests.night.conftest import PLANS, FakeHands, WriteSite


class Counting(FakeHands):
    """Holds each place until as many are held as may be."""

    def __init__(self, clock: VirtualClock, at_once: int) -> None:
        super().__init__(clock)
        self.now = self.most = 0
        self._meeting, self._lock = threading.Barrier(at_once), threading.Lock()

    @contextmanager
    def held(self, job: Job) -> Iterator[None]:
        with super().held(job):
            with self._lock:
                self.now += 1
                self.most = max(self.most, self.now)
            self._meeting.wait(20)
            try:
                yield
            finally:
                with self._lock:
                    self.now -= 1


def test_as_many_slots_as_the_site_says_and_no_more(site_of: WriteSite) -> None:
    clock = VirtualClock()
    jobs = schedule(site_of(slots=4), PLANS, "anywhere", night=0).jobs
    hands, told = Counting(clock, 2), list[str]()

    slots = side_by_side(jobs, 2, hands, clock, told.append)

    assert hands.most == 2
    assert [slot.slot for slot in slots] == ["slot1", "slot2", "slot3", "slot4"]
    assert len(told) == 4
    assert told[-1].startswith("4 of 4: ")


def test_a_slot_that_production_has_keeps_no_other_back(site_of: WriteSite) -> None:
    clock = VirtualClock()
    jobs = schedule(site_of(slots=2), PLANS, "anywhere", night=0).jobs
    hands = FakeHands(clock, taken={"slot1": Taken("place is acquired by production")})

    first, second = side_by_side(jobs, 1, hands, clock, lambda _: None)

    assert [piece.ended.value for piece in first.pieces] == ["not done"]
    assert "acquired by production" in first.pieces[0].says
    assert {piece.ended.value for piece in second.pieces} == {"good"}
