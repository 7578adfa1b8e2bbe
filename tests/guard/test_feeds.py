"""One breaker: 80 % of its rating, and one start after another."""

from __future__ import annotations

import pytest

from rig.errors import GuardError
from rig.fixturefile import FeedEntry
from rig.guard.feeds import Feed

WORK_WATTS = 13.6 * 95


@pytest.fixture
def live() -> set[str]:
    return set()


@pytest.fixture
def feed(live: set[str]) -> Feed:
    entry = FeedEntry(amps=16, volts=230, slots=["slot1", "slot2", "slot3"], gap_seconds=0.5)
    return Feed("wall", entry, live.__contains__)


def test_beyond_the_budget_is_refused_with_who_has_it(feed: Feed, live: set[str]) -> None:
    for slot in ("slot1", "slot2"):
        live.add(slot)
        feed.book(slot, WORK_WATTS)
    live.add("slot3")

    with pytest.raises(GuardError, match=r"1292 W asked for by slot3 beside 2584 W of slot1, slot2, expected "
                                         r"at most 2650 W"):
        feed.book("slot3", WORK_WATTS)
    feed.book("slot3", 4.0)


def test_what_is_off_takes_nothing(feed: Feed, live: set[str]) -> None:
    live |= {"slot1", "slot2"}
    feed.book("slot1", WORK_WATTS)
    feed.book("slot2", WORK_WATTS)
    live.discard("slot1")

    feed.book("slot3", WORK_WATTS)


def test_a_slot_books_anew_instead_of_beside_itself(feed: Feed, live: set[str]) -> None:
    live.add("slot1")
    for watts in (4.0, 180.0, WORK_WATTS, 2600.0):
        feed.book("slot1", watts)


def test_starts_are_apart(feed: Feed) -> None:
    assert feed.turn(10.0) == 0.0
    assert feed.turn(10.2) == pytest.approx(0.3)
    assert feed.turn(10.5) == 0.0
    assert feed.turn(10.6) == pytest.approx(0.4)
