"""The scanner as a keyboard: every scan arrives once and whole, and no key does what it should not."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.station.panel import examples
from tests.station.panel.conftest import Opened
from tests.station.panel.page import ExampleStation

SERIAL = "S21PRODEMO0000001"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def scan(page: Page, text: str) -> None:
    """As a scanner types it: all keys in a few milliseconds, then Enter."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def scans(station: ExampleStation) -> list[str]:
    return [body["text"] for path, body in station.posts() if path == "api/scan"]


def told(station: ExampleStation, text: str) -> None:
    expect(station.page.locator("#prompt p")).to_contain_text(text)


def test_a_scan_is_sent_with_an_id_of_its_own_and_its_answer_is_shown(opened: Opened) -> None:
    station = opened()

    scan(station.page, SERIAL)
    told(station, "goes into slot 1")
    scan(station.page, "SLOT-1")
    expect(station.page.locator("#scan")).to_have_value("")
    told(station, "goes into slot 1")

    assert scans(station) == [SERIAL, "SLOT-1"]
    ids = [body["id"] for _, body in station.posts()]
    assert len(set(ids)) == 2
    assert all(UUID.fullmatch(one) for one in ids)


def test_a_key_that_was_touched_before_is_no_part_of_the_scan(opened: Opened) -> None:
    station = opened()
    station.page.keyboard.type("kx", delay=60)
    station.page.wait_for_timeout(1300)

    scan(station.page, SERIAL)
    told(station, "goes into slot 1")

    assert scans(station) == [SERIAL]


def test_a_scanner_that_stumbles_loses_no_letter(opened: Opened) -> None:
    station = opened()
    station.page.keyboard.type(SERIAL[:1])
    station.page.wait_for_timeout(400)

    scan(station.page, SERIAL[1:])
    told(station, "goes into slot 1")

    assert scans(station) == [SERIAL]


def test_what_a_person_types_is_seen_and_taken_as_it_is(opened: Opened) -> None:
    station = opened()
    station.page.keyboard.type("slot-12", delay=60)

    seen = station.page.locator("#prompt kbd").text_content()
    station.page.keyboard.press("Enter")
    told(station, "goes into slot")

    assert seen == "slot-12"
    assert scans(station) == ["slot-12"]
    assert station.page.locator("#prompt kbd").text_content() == ""


def test_the_field_has_the_focus_whatever_was_clicked(opened: Opened) -> None:
    page = opened().page

    for click in (
        lambda: page.locator(".cell").nth(2).click(),
        lambda: page.get_by_role("button", name="Runs").click(),
        lambda: page.locator("#who").click(),
        lambda: page.mouse.click(500, 400),
        lambda: page.keyboard.press("Tab"),
    ):
        click()
        expect(page.locator("#scan")).to_be_focused()

    assert page.evaluate("document.activeElement.id") == "scan"


def test_space_starts_nothing_and_confirms_nothing(opened: Opened) -> None:
    station = opened()
    station.page.locator(".cell").nth(2).click()

    station.page.keyboard.press(" ")
    station.page.keyboard.press(" ")
    station.page.keyboard.press("Enter")
    told(station, "goes into slot")

    assert [path for path, _ in station.posts()] == ["api/slots/slot3/acknowledge"]


def test_a_badge_goes_to_the_session_and_is_shown_to_nobody(opened: Opened) -> None:
    station = opened(
        session=examples.session(badge=None, name=None, in_control=False, role="viewer", csrf=None)
    )
    page = station.page
    station.session = examples.session()
    page.keyboard.type("BADGE-0417", delay=60)
    seen = page.locator("#prompt kbd").text_content()

    page.keyboard.type("-K7QX9M2RT4WD", delay=60)
    page.keyboard.press("Enter")
    told(station, "Hello M. Keller")

    assert seen == "BADGE-••••"
    assert [(path, body["badge"]) for path, body in station.posts()] == [
        ("api/session/badge", "BADGE-0417-K7QX9M2RT4WD")
    ]
    assert "K7QX9M2RT4WD" not in page.content()
    assert page.locator("#who").text_content() == "0417 M. Kelleroperator"


def test_a_refusal_stays_until_the_next_scan_or_enter(opened: Opened) -> None:
    station = opened()
    words = examples.words("refused.passed", "Board X has passed already.", serial="X")
    station.answers["api/scan"] = (
        200,
        {"outcome": "refused", "words": words, "slot": None, "repeated": False},
    )

    scan(station.page, "X")
    told(station, "Board X has passed already")
    look = station.page.locator("#prompt").get_attribute("class")
    station.page.keyboard.press("Enter")
    told(station, "Scan a board")

    assert look == "refused"
    assert len(station.posts()) == 1


def test_a_station_that_does_not_answer_a_scan_is_told_as_no_link(opened: Opened) -> None:
    station = opened()
    station.page.route("**/api/scan", lambda route: route.abort())
    station.silent = True

    scan(station.page, SERIAL)
    station.page.wait_for_selector("#nolink:visible")
    scan(station.page, SERIAL)
    station.page.wait_for_selector("#nolink .refused:visible")

    assert SERIAL in station.page.locator("#nolink .refused").text_content()
