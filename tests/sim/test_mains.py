from __future__ import annotations

import pytest

from rig.sim.mains import MainsPath
from rig.sim.server import _pdu


def test_plain_mains_stay_on_and_obey_the_outlet() -> None:
    mains = MainsPath()

    assert mains.settle(1000.0)
    assert mains.left(1000.0) == float("inf")
    mains.switch(on=False)
    assert not mains.settle(1000.0)


def test_an_outlet_whose_watchdog_is_fed_in_time_stays_on() -> None:
    mains = MainsPath()
    mains.watch(2.0, 10.0)
    assert mains.left(11.5) == pytest.approx(0.5)
    mains.watch(2.0, 11.9)

    assert mains.settle(13.8)
    assert mains.watch_seconds == 2.0
    assert not mains.settle(13.9)
    assert mains.watch_seconds == 0.0


def test_feeding_too_late_does_not_bring_it_back() -> None:
    mains = MainsPath()
    mains.watch(2.0, 10.0)
    mains.settle(12.0)
    mains.watch(2.0, 12.1)

    assert not mains.settle(12.2)
    mains.switch(on=True)
    assert mains.settle(12.3)


def test_disarmed_it_stays_on() -> None:
    mains = MainsPath()
    mains.watch(2.0, 10.0)
    mains.watch(0.0, 11.0)

    assert mains.settle(100.0)


def test_the_relay_wants_edges_and_no_level_will_do() -> None:
    mains = MainsPath(relay_seconds=2.0)
    assert not mains.settle(10.0)

    mains.drive(10.0, high=True)
    assert mains.settle(11.9)
    mains.drive(11.9, high=True)
    assert not mains.settle(12.0)
    mains.drive(12.5, high=False)
    assert mains.settle(12.5)
    assert mains.left(13.5) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("request_line", "body", "answer"),
    [
        ("GET /outlets/1 HTTP/1.1", "", "1"),
        ("PUT /outlets/1 HTTP/1.1", "0", "0"),
        ("GET /outlets/1/watchdog HTTP/1.1", "", "0"),
        ("PUT /outlets/1/watchdog HTTP/1.1", "2.5", "2.5"),
        ("GET /outlets/2 HTTP/1.1", "", None),
        ("GET /outlets/2/watchdog HTTP/1.1", "", None),
        ("PUT /outlets/1 HTTP/1.1", "2", None),
        ("PUT /outlets/1/watchdog HTTP/1.1", "-1", None),
        ("PUT /outlets/1/watchdog HTTP/1.1", "inf", None),
        ("DELETE /outlets/1 HTTP/1.1", "", None),
        ("GET /", "", None),
    ],
)
def test_the_pdus_words(request_line: str, body: str, answer: str | None) -> None:
    def switch(outlet: int, wanted: bool | None) -> bool | None:
        return None if outlet != 1 else wanted is not False

    def watch(outlet: int, seconds: float | None) -> float | None:
        return None if outlet != 1 else seconds or 0.0

    assert _pdu(request_line, body, switch, watch) == answer
