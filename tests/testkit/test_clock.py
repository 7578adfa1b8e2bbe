"""Several parties in virtual time: order, waiting, news, ends."""

from __future__ import annotations

import pytest

from rig.testkit import SharedClock


def test_alone_it_is_a_clock_that_jumps() -> None:
    clock = SharedClock()
    clock.sleep(3600.0)
    clock.sleep(-1.0)
    assert clock.now() == 3600.0


def test_whoever_is_due_first_goes_on_first() -> None:
    clock, seen = SharedClock(), []

    def party(name: str, every: float) -> None:
        while True:
            clock.sleep(every)
            seen.append((name, clock.now()))

    clock.start("three", lambda: party("three", 3.0))
    clock.start("two", lambda: party("two", 2.0))
    clock.sleep(6.5)
    assert seen == [("two", 2.0), ("three", 3.0), ("two", 4.0), ("three", 6.0), ("two", 6.0)]
    assert clock.now() == 6.5
    clock.end()


def test_one_that_hangs_holds_up_nobody_else() -> None:
    clock, beats = SharedClock(), []

    def beat() -> None:
        while True:
            beats.append(clock.now())
            clock.sleep(1.0)

    clock.start("hung", lambda: clock.sleep(100.0))
    clock.start("beat", beat)
    clock.sleep(3.5)
    assert beats == [0.0, 1.0, 2.0, 3.0]
    clock.end()


def test_news_wake_whoever_waits_and_a_deadline_does_too() -> None:
    clock = SharedClock()
    news = clock.condition()

    def tell() -> None:
        clock.sleep(2.0)
        with news:
            news.notify_all()

    clock.start("teller", tell)
    with news:
        assert news.wait(10.0)
        assert clock.now() == 2.0
        assert not news.wait(5.0)
    assert clock.now() == 7.0


def test_news_count_once() -> None:
    """Whoever was woken before its deadline is not woken by it again."""
    clock = SharedClock()
    news = clock.condition()
    clock.start("teller", news.notify_all)
    with news:
        assert news.wait(1.0)
    clock.sleep(5.0)
    assert clock.now() == 5.0


def test_an_error_of_a_party_comes_home() -> None:
    clock = SharedClock()

    def fail() -> None:
        clock.sleep(1.0)
        raise ValueError("broken")

    clock.start("failing", fail)
    with pytest.raises(ValueError, match="broken"):
        clock.sleep(2.0)


def test_at_the_end_every_party_cleans_up() -> None:
    clock, closed = SharedClock(), []

    def party() -> None:
        try:
            clock.sleep(1000.0)
        finally:
            closed.append(True)

    clock.start("sleeper", party)
    clock.sleep(1.0)
    clock.end()
    assert closed == [True]
    clock.sleep(5000.0)
    assert clock.now() == 5001.0
