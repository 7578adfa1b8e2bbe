"""A supply that does not obey loses its mains, once, and gets them back with the next lease."""

from __future__ import annotations

from typing import Any

import pytest

from rig.clock import VirtualClock
from rig.errors import InstrumentError, Role
from rig.guard.envelope import Demand
from rig.guard.supply import SupplyHand
from rig.instruments.pdu import Outlet
from rig.slot import Protection
from rig.slotentry import SupplyEntry

ENTRY = SupplyEntry(max_volts=20, max_amps=100, max_watts=2000, pdu_outlet=1)


class Silent:
    """A supply client whose supply never answers."""

    def interrupt_off(self) -> None:
        raise InstrumentError(Role.SUPPLY, "no answer")

    def close(self) -> None:
        """Nothing is open."""


class Report:
    def __init__(self) -> None:
        self.mains: list[str] = []
        self.lost = 0

    def noted(self, text: str) -> None:
        self.mains.append(text)

    def lost_supply(self, _text: str) -> None:
        self.lost += 1

    def saw_output_off(self) -> None:
        raise AssertionError("nobody saw that")

    def saw_supply(self, *_: object) -> None:
        raise AssertionError("nobody saw that")


class Switch(Outlet):
    """An outlet that keeps its orders."""

    orders: list[str] = []  # noqa: RUF012 - one a test, emptied by it

    def is_fed(self) -> bool:
        return self.orders[-1:] != ["cut"]

    def cut(self) -> None:
        self.orders.append("cut")

    def feed(self) -> None:
        self.orders.append("feed")


def hand(report: Report, outlet: Outlet | None) -> SupplyHand:
    make: Any = lambda _entry, _clock: Silent()  # noqa: E731
    return SupplyHand(lambda: ENTRY, lambda: outlet, make, VirtualClock(), report)


def test_mains_are_cut_once_and_fed_by_the_next_lease() -> None:
    report, outlet = Report(), Switch("http://127.0.0.1:1", 1)
    outlet.orders.clear()
    supply = hand(report, outlet)

    assert not supply.off()
    assert not supply.off()
    assert outlet.orders == ["cut"]
    assert report.mains == ["its mains were cut at outlet 1"]
    assert report.lost == 2

    supply.feed_mains()
    supply.feed_mains()
    assert outlet.orders == ["cut", "feed"]


def test_mains_that_cannot_be_cut_are_told_and_tried_again() -> None:
    report = Report()
    supply = hand(report, Outlet("http://127.0.0.1:9", 1))

    assert not supply.off()
    assert not supply.off()
    assert len(report.mains) == 2
    assert "could not be cut" in report.mains[0]


def test_without_an_outlet_nothing_is_claimed() -> None:
    report = Report()

    assert not hand(report, None).off()
    assert report.mains == []


def test_what_a_guard_before_this_one_cut_is_fed_and_gets_its_time() -> None:
    report, outlet = Report(), Switch("http://127.0.0.1:1", 1)
    outlet.orders[:] = ["cut"]
    supply = hand(report, outlet)

    assert supply.feed_mains()
    assert report.mains == ["fed again at outlet 1"]
    assert not supply.off()                     # it does not answer yet: no reason to cut it again
    assert outlet.orders == ["cut", "feed"]
    assert not supply.feed_mains()


class Obeying(Silent):
    """A supply client that does as it is told; ``armed`` is what its watchdog was set to."""

    has_watchdog = True

    def __init__(self) -> None:
        self.done: list[str] = []

    def configure(self, *_: object) -> None:
        self.done.append("configure")

    def arm_watchdog(self, seconds: float) -> float | None:
        self.done.append(f"watchdog {seconds:g}")
        return seconds if self.has_watchdog else None

    def output_on(self) -> None:
        self.done.append("on")


def obeying(client: Obeying, report: Report, watchdog_seconds: float | None) -> SupplyHand:
    entry = ENTRY.model_copy(update={"watchdog_seconds": watchdog_seconds})
    make: Any = lambda _entry, _clock: client  # noqa: E731
    return SupplyHand(lambda: entry, lambda: None, make, VirtualClock(), report)


DEMAND = Demand(2.0, 2.0, Protection(16.0, 100.0))


def test_the_watchdog_is_armed_before_the_output_is_on() -> None:
    client, report = Obeying(), Report()
    supply = obeying(client, report, 2.0)

    assert supply.switch_on(DEMAND, lambda: True)
    assert supply.switch_on(DEMAND, lambda: True)

    assert client.done == ["configure", "watchdog 2", "on"] * 2
    assert report.mains == ["watchdog armed, 2 s"]


def test_without_the_line_none_is_armed() -> None:
    client = Obeying()

    assert obeying(client, Report(), None).switch_on(DEMAND, lambda: True)
    assert client.done == ["configure", "on"]


def test_a_watchdog_that_is_named_and_not_there_keeps_it_off() -> None:
    client = Obeying()
    client.has_watchdog = False

    with pytest.raises(InstrumentError, match="watchdog: found none"):
        obeying(client, Report(), 2.0).switch_on(DEMAND, lambda: True)
    assert "on" not in client.done
