"""What rings, when it is told, and when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rig.watch.alarms import AlarmBook, Event, Happened
from rig.watch.signs import Gravity, Sign

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STEP, REPEAT = timedelta(seconds=30), timedelta(hours=1)


def sign(well: bool | None, gravity: Gravity = Gravity.ALARM, name: str = "disk") -> Sign:
    return Sign(name=name, well=well, says=f"{well}", gravity=gravity)


def told(book: AlarmBook, *wells: bool | None, start: datetime = NOW) -> list[str]:
    """What one sign's rounds are told as, an empty word for nothing."""
    rounds = [book.heed([sign(well)], start + number * STEP) for number, well in enumerate(wells)]
    return [happened(events) for events in rounds]


def happened(events: tuple[Event, ...]) -> str:
    return " ".join(event.happened.value for event in events)


def test_it_rings_once_and_is_over_once() -> None:
    said = told(AlarmBook(2, REPEAT), True, False, False, False, True, True, True)

    assert said == ["", "", "raised", "", "", "cleared", ""]


def test_what_flickers_tells_nothing() -> None:
    assert told(AlarmBook(2, REPEAT), *[True, False] * 50) == [""] * 100
    assert told(AlarmBook(2, timedelta(days=1)), False, *[False, True] * 50) == ["", "raised", *[""] * 99]


def test_between_the_bounds_it_stays_as_it_was() -> None:
    book = AlarmBook(1, REPEAT)

    assert told(book, None, False, None, None, True, None) == ["", "raised", "", "", "cleared", ""]


def test_it_is_told_again_after_hours_and_a_notice_after_a_week() -> None:
    book = AlarmBook(1, REPEAT)
    book.heed([sign(False), sign(False, Gravity.NOTICE, "date")], NOW)

    before = book.heed([sign(False), sign(False, Gravity.NOTICE, "date")], NOW + REPEAT - STEP)
    hour = book.heed([sign(False), sign(False, Gravity.NOTICE, "date")], NOW + REPEAT)
    week = book.heed([sign(True), sign(False, Gravity.NOTICE, "date")], NOW + timedelta(days=7))

    assert before == ()
    assert [(one.name, one.happened, one.since) for one in hour] == [("disk", Happened.REPEATED, NOW)]
    assert [(one.name, one.happened) for one in week] == [
        ("disk", Happened.CLEARED), ("date", Happened.REPEATED),
    ]


def test_what_gets_graver_is_told_at_once() -> None:
    book = AlarmBook(2, REPEAT)
    for number in range(3):
        book.heed([sign(False, Gravity.NOTICE)], NOW + number * STEP)

    graver = book.heed([sign(False, Gravity.ALARM)], NOW + 3 * STEP)

    assert [(one.happened, one.gravity) for one in graver] == [(Happened.RAISED, Gravity.ALARM)]


def test_a_watcher_that_is_started_again_tells_nothing_twice() -> None:
    first = AlarmBook(2, REPEAT)
    told(first, False, False)

    second = AlarmBook(2, REPEAT, first.memories)

    assert told(second, False, True, True, start=NOW + 2 * STEP) == ["", "", "cleared"]


def test_a_sign_that_is_no_longer_looked_at_is_over() -> None:
    book = AlarmBook(1, REPEAT)
    book.heed([sign(False, name="certificate old"), sign(False)], NOW)

    events = book.heed([sign(False)], NOW + STEP)

    assert [(one.name, one.happened) for one in events] == [("certificate old", Happened.CLEARED)]
    assert list(book.ringing) == ["disk"]


def test_a_clock_set_back_does_not_silence_it() -> None:
    book = AlarmBook(1, REPEAT)
    book.heed([sign(False)], NOW)

    assert happened(book.heed([sign(False)], NOW - timedelta(days=300))) == "repeated"


@given(st.lists(st.sampled_from([True, False, None]), max_size=60), st.integers(1, 4))
def test_raised_and_cleared_take_turns_and_no_flood_comes(wells: list[bool | None], rounds: int) -> None:
    book = AlarmBook(rounds, timedelta(days=1000))

    said = [one for one in told(book, *wells) if one]

    assert said == [("raised", "cleared")[number % 2] for number in range(len(said))]
    assert len(said) * rounds <= len(wells)
