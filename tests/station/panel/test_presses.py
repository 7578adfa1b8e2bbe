"""Keys and presses: what confirms, what goes back, what stops, and who may."""

from __future__ import annotations

import pytest

from tests.station.panel import examples
from tests.station.panel.conftest import Opened
from tests.station.panel.test_scanner import told

HOLD = ".hold"


def refusal(key: str, text: str) -> examples.View:
    return {"error": examples.words(key, text, role="technician"), "retry_after": None}


def test_escape_goes_back_step_by_step_and_stops_nothing(opened: Opened) -> None:
    station = opened()
    page = station.page
    page.locator(".cell").nth(0).click()
    page.keyboard.press("F1")
    page.wait_for_selector(".help")

    page.keyboard.press("Escape")
    help_gone = page.locator(".help").count() == 0
    detail_there = page.locator("#detail").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")

    assert help_gone
    assert detail_there
    assert page.locator("#grid").is_visible()
    assert station.posts() == []


def test_a_run_is_stopped_only_when_the_button_was_held_for_two_seconds(opened: Opened) -> None:
    station = opened()
    page = station.page
    page.locator(".cell").nth(0).click()
    box = page.locator(HOLD).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)

    page.mouse.down()
    page.wait_for_timeout(1500)
    page.mouse.up()
    page.wait_for_timeout(800)
    after_a_short_hold = list(station.posts())
    page.mouse.down()
    told(station, "goes into slot")
    page.mouse.up()

    assert after_a_short_hold == []
    assert [path for path, _ in station.posts()] == ["api/slots/slot1/stop"]


def test_only_what_can_be_stopped_has_the_button(opened: Opened) -> None:
    page = opened().page

    page.locator(".cell").nth(1).click()

    assert not page.locator(HOLD).is_visible()


def test_enter_acknowledges_the_chosen_slot_and_chooses_before_it_does(opened: Opened) -> None:
    station = opened()
    page = station.page

    page.keyboard.press("Enter")
    chosen = page.locator(".cell.selected .number").text_content()
    before = list(station.posts())
    page.keyboard.press("Enter")
    told(station, "goes into slot")

    assert chosen == "3"
    assert before == []
    assert [path for path, _ in station.posts()] == ["api/slots/slot3/acknowledge"]


def test_f2_without_a_choice_shows_the_slot_that_needs_somebody_most(opened: Opened) -> None:
    page = opened().page

    page.keyboard.press("F2")

    assert page.locator("#detail .titles").text_content().startswith("15 NO LINK")


def test_arrows_choose_a_slot(opened: Opened) -> None:
    page = opened().page

    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)

    assert page.locator(".cell.selected .number").text_content() == "5"


def test_f8_mutes_where_the_role_may_and_else_asks_for_the_pin(opened: Opened) -> None:
    station = opened()
    page = station.page
    station.answers["api/mute"] = (403, refusal("refused.role", "That needs a technician."))

    page.keyboard.press("F8")
    page.wait_for_selector(".pin .keypad")
    refused = page.locator("#prompt p").text_content()
    station.session = examples.session(role="technician", needs_pin=False)
    page.keyboard.type("2468", delay=50)
    dots = page.locator(".dots").text_content()
    page.keyboard.press("Enter")
    told(station, "technician now")
    station.answers.clear()
    page.keyboard.press("F8")
    told(station, "goes into slot")

    assert refused == "That needs a technician."
    assert dots == "••••"
    assert [(path, body.get("pin"), body.get("muted")) for path, body in station.posts()] == [
        ("api/mute", None, True),
        ("api/session/pin", "2468", None),
        ("api/mute", None, True),
    ]


def test_a_wrong_pin_is_said_and_can_be_tried_again_by_touch(opened: Opened) -> None:
    station = opened()
    page = station.page
    station.answers["api/session/pin"] = (401, refusal("refused.pin", "Wrong PIN."))
    page.locator("#who").click()
    page.get_by_role("button", name="PIN: act as technician").click()

    for key in "13":
        page.locator(".keypad").get_by_text(key, exact=True).click()
    page.locator(".keypad").get_by_text("✔").click()
    page.wait_for_selector(".problem:text('Wrong PIN.')")

    assert page.locator(".dots").text_content() == "\u00a0"
    assert station.posts()[-1][1]["pin"] == "13"


def test_a_page_that_watches_says_so_and_can_take_control(opened: Opened) -> None:
    station = opened(session=examples.session(in_control=False))
    page = station.page
    watched = page.locator("#who").text_content()
    station.answers["api/scan"] = (
        409,
        refusal("refused.not_in_control", "Another browser is in control (badge 0418)."),
    )
    page.keyboard.type("SLOT-1")
    page.keyboard.press("Enter")
    told(station, "Another browser is in control")
    station.answers["api/control"] = (200, examples.session())

    page.get_by_role("button", name="Take control").click()
    page.wait_for_selector("#who.controls")

    assert "0417 is in control" in watched
    assert [path for path, _ in station.posts()] == ["api/scan", "api/control"]


def test_control_that_was_taken_elsewhere_is_seen_at_once(opened: Opened) -> None:
    station = opened()

    station.tell({"type": "session", "session": examples.session(in_control=False)})

    station.page.wait_for_selector("#who.watches")


@pytest.mark.parametrize("state", ["open", "latched", "unknown"])
def test_an_open_estop_is_seen_on_every_page(opened: Opened, state: str) -> None:
    page = opened(examples.station(estop=state)).page
    page.locator(".cell").nth(0).click()

    assert page.locator("#estop").is_visible()
    assert page.locator(f"#estop.estop-{state}").count() == 1
    assert page.locator(".strip:has-text('E-STOP')").count() == (0 if state == "unknown" else 1)


def test_each_ending_sounds_its_own_way_once_and_never_when_muted(opened: Opened) -> None:
    station = opened(examples.station(examples.slots(1)))
    page = station.page
    page.evaluate("""() => { window.tones = [];
      const start = OscillatorNode.prototype.start;
      OscillatorNode.prototype.start = function (at) {
        window.tones.push(this.frequency.value);
        return start.call(this, at);
      }; }""")
    page.mouse.click(500, 400)
    page.keyboard.press("Escape")

    def tones(tile: examples.View) -> tuple[float, ...]:
        page.evaluate("window.tones = []")
        station.tell({"type": "tile", "seq": 1, "tile": tile})
        station.tell({"type": "tile", "seq": 2, "tile": tile})
        page.wait_for_selector(f".tile.is-{tile['state'].lower().replace('_', '-')}")
        return tuple(page.evaluate("window.tones"))

    running = examples.tiles()[0]
    endings = [
        one | {"slot": "slot1", "number": 1}
        for one in examples.tiles()
        if one["state"] in ("PASS", "FAIL", "STATION_FAULT")
    ]
    heard = {}
    for ending in endings:
        tones(running)
        heard[ending["state"]] = tones(ending)
    station.show(examples.station([running], muted=True))
    muted = tones(endings[0])

    assert len(set(heard.values())) == 3
    assert all(heard.values())
    assert muted == ()


def test_an_alarm_is_told_by_word_and_icon_and_one_that_locks_can_be_let_go_of(opened: Opened) -> None:
    row = examples.words("alarm.same_code", "", number=2, code="CHIP-WEAK", boards=3)
    day = examples.words("alarm.day", "", code="CHIP-WEAK", boards=90, passed=70, usual=95.5, low=70, high=80)
    station = opened(examples.station(
        locked=examples.words("lock.alarm", "", number=2, code="CHIP-WEAK", boards=3),
        locked_code="STN-ALARM",
        alarms=[{"words": row, "slot": "slot2", "locks": True}, {"words": day, "slot": None, "locks": False}],
    ))
    lines = station.page.locator(".strip.warning")
    told_words = [lines.nth(at).text_content() or "" for at in range(lines.count())]

    lines.nth(0).locator("button").click()
    told(station, "goes into slot")

    assert len(told_words) == 2
    assert told_words[0].startswith("ALARMSlot 2: CHIP-WEAK on 3 boards in a row.")
    assert told_words[1].startswith("ALARM70 of 90 boards passed first today")
    assert [lines.nth(at).locator("use").first.get_attribute("href") for at in range(2)] == [
        "#icon-lock", "#icon-station",
    ]
    assert lines.nth(1).locator("button").count() == 0
    assert [path for path, _ in station.posts()] == ["api/slots/slot2/alarm"]


def test_the_run_in_view_is_printed_in_a_window_of_its_own(opened: Opened) -> None:
    station = opened()
    page = station.page
    page.keyboard.press("F9")                            # nothing is in view yet
    page.locator(".cell").nth(2).click()
    page.wait_for_selector(".pane td")
    run = station.view["tiles"][2]["run_id"]

    with page.context.expect_page() as sheet:
        page.keyboard.press("F9")
    sheet.value.wait_for_url(f"**/api/runs/{run}/page?print=true")

    assert sheet.value.title() == "A sheet"
    assert page.locator("#detail").is_visible()
    assert station.posts() == []


def test_a_sheet_that_is_refused_leaves_no_window_and_says_why(opened: Opened) -> None:
    station = opened()
    page = station.page
    page.locator(".cell").nth(2).click()
    page.wait_for_selector(".pane td")
    run = station.view["tiles"][2]["run_id"]
    busy = refusal("refused.print_busy", "Other pages are being made.")
    station.answers[f"api/runs/{run}/page"] = 503, busy

    page.locator("#detail header button:has(use[href='#icon-print'])").click()

    told(station, "Other pages are being made.")
    assert len(page.context.pages) == 1


def test_a_run_that_is_on_is_not_printed(opened: Opened) -> None:
    station = opened()
    page = station.page
    running = next(at for at, tile in enumerate(station.view["tiles"]) if tile["state"] == "RUNNING")

    page.locator(".cell").nth(running).click()

    assert page.locator("#detail").is_visible()
    assert not page.locator("button:has(use[href='#icon-print'])").is_visible()
