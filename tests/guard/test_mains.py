"""A supply that does not obey loses its mains, once, and gets them back with the next lease."""

from __future__ import annotations

from typing import Any

from rig.clock import VirtualClock
from rig.errors import InstrumentError, Role
from rig.fixturefile import SupplyEntry
from rig.guard.supply import SupplyHand
from rig.instruments.pdu import Outlet

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

    def cut_mains(self, text: str) -> None:
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
