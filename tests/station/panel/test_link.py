"""A page outlives its link: what is old is told as old, nothing is sent into the void, and it comes back."""

from __future__ import annotations

from tests.station.panel import examples
from tests.station.panel.conftest import Opened
from tests.station.panel.test_scanner import scan, scans, told

BANNER = "#nolink:visible"


def test_three_silent_seconds_are_a_lost_link(opened: Opened) -> None:
    station = opened()
    page = station.page
    page.wait_for_timeout(3500)
    up = page.locator(BANNER).count() == 0

    station.silent = True
    page.wait_for_selector(BANNER)

    assert up
    assert page.locator("#nolink h1").text_content() == "NO LINK – board may be live"
    assert "old" in page.locator("#nolink .age").text_content()
    assert page.locator(".tile").count() == 16
    assert page.evaluate("getComputedStyle(document.getElementById('grid')).filter") == "grayscale(1)"
    assert all(page.locator(".cell").nth(at).is_visible() for at in range(16))


def test_without_a_link_a_scan_is_refused_where_it_is_seen(opened: Opened) -> None:
    station = opened()
    station.drop()
    station.page.wait_for_selector(BANNER)

    scan(station.page, "STOP-3")
    station.page.wait_for_selector("#nolink .refused:visible")
    scan(station.page, "BADGE-0417-K7QX9M2RT4WD")

    assert scans(station) == []
    assert "K7QX9M2RT4WD" not in station.page.content()


def test_a_station_that_was_restarted_is_drawn_from_what_it_says_now(opened: Opened) -> None:
    station = opened()
    station.drop()
    station.page.wait_for_selector(BANNER)
    station.view = examples.station(
        examples.slots(4), notices=[examples.words("notice.restarted", "", went_on=3, closed=1)]
    )

    station.silent = False
    station.page.wait_for_selector("#nolink", state="hidden")

    assert station.page.locator(".tile").count() == 4
    assert (
        station.page.locator(".strip.notice").text_content()
        == "The station was restarted; 3 runs went on, 1 were closed."
    )
    scan(station.page, "SLOT-1")
    told(station, "goes into")
    assert scans(station) == ["SLOT-1"]


def test_a_reload_in_the_middle_of_a_run_shows_it_as_it_is(opened: Opened) -> None:
    station = opened()
    station.view["tiles"][0]["phase"] = "clock down"

    station.page.reload()

    station.page.wait_for_selector(".is-running .phase:text('Clock down')")


def test_the_clock_of_the_browser_does_not_matter(opened: Opened) -> None:
    """A page whose clock is turned by a day neither loses its link nor shows another time left."""
    station = opened()
    page = station.page

    page.clock.set_system_time("2031-01-01T00:00:00Z")
    page.wait_for_timeout(3500)

    assert page.locator(BANNER).count() == 0
    assert page.locator(".is-running .left").first.text_content() == "0:41"


def test_without_a_session_the_page_asks_for_a_badge_and_shows_nothing_old(opened: Opened) -> None:
    station = opened()
    station.session = examples.session(role="none")

    station.drop(code=4401)

    told(station, "Scan your badge")
    assert not station.page.locator("#grid").is_visible()
    assert station.page.locator(BANNER).count() == 0
