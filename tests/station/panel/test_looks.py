"""What a person can see from where they stand: words, contrast, sizes, nothing cut, in both languages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.station.panel import examples
from tests.station.panel.conftest import Opened

LEAST_CONTRAST = 4.5
TOUCH_PIXELS = 15 / 25.4 * 96
STATES = {
    "EMPTY",
    "READY",
    "ACTION_NEEDED",
    "RUNNING",
    "HOT",
    "PASS",
    "MARGINAL",
    "RETEST",
    "FAIL",
    "STATION_FAULT",
    "STOPPED",
    "NO_LINK",
}

# Every piece of text with its colour and what lies behind it, as a person sees them.
CONTRASTS = """() => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const over = (top, under) => {
    const a = top[3] ?? 1;
    return [0, 1, 2].map((i) => a * top[i] + (1 - a) * under[i]);
  };
  const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = (rgb) => { const s = rgb.map((c) => linear(c / 255));
    return 0.2126 * s[0] + 0.7152 * s[1] + 0.0722 * s[2]; };
  const ground = (node) => parse(getComputedStyle(node).backgroundColor);
  const behind = (node) => (node ? over(ground(node), behind(node.parentElement)) : [255, 255, 255]);
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || node.closest("script, style, svg, title") || !node.checkVisibility()) continue;
    if (!node.getClientRects().length) continue;
    const under = behind(node);
    const ink = over(parse(getComputedStyle(node).color), under);
    const [dark, bright] = [light(ink), light(under)].sort((a, b) => a - b);
    found.push([text.data.trim(), (bright + 0.05) / (dark + 0.05)]);
  }
  return found;
}"""

# Words of tiles that do not fit their line, and whatever sticks out of the page.
CUT = """() => {
  const over = (node) => node.checkVisibility() && node.scrollWidth > node.clientWidth + 1;
  const words = ":is(h2, .code, .left, dd, .big, .grade)";
  const cut = [...document.querySelectorAll(`.tile ${words}, .fact dd, #prompt p`)]
    .filter((node) => over(node) && getComputedStyle(node).display !== "inline")
    .map((node) => node.textContent);
  const parts = ".tile, .tile header, .tile .sub, #facts, #top, #keys, #detail .left, .panel";
  const wide = [...document.querySelectorAll(parts)].filter(over)
    .map((node) => `${node.className || node.id}: ${node.textContent}`);
  const page = document.documentElement;
  return [...cut, ...wide, ...(page.scrollWidth > innerWidth ? ["page is wider than its window"] : [])];
}"""


def all_states() -> list[examples.View]:
    return [*examples.tiles()[:15], examples.marginal(16)]


def test_each_state_has_a_word_an_icon_and_a_look_of_its_own(opened: Opened) -> None:
    page = opened(examples.station([*examples.tiles(), examples.marginal(17)])).page

    looks = page.eval_on_selector_all(
        ".tile",
        """(tiles) => tiles.map((tile) => {
      const style = getComputedStyle(tile);
      return [tile.querySelector("h2").textContent, tile.querySelector("header use").getAttribute("href"),
              [style.backgroundColor, style.borderTopStyle, style.borderTopColor].join(" ")]; })""",
    )

    told = [tile["state"] for tile in examples.tiles()] + ["MARGINAL"]
    by_state = dict(zip(told, map(tuple, looks), strict=True))
    assert set(by_state) == STATES
    for part in range(2):
        assert len({look[part] for look in by_state.values()}) == len(STATES), f"{part}: {by_state}"
    plain = {by_state[state][2] for state in ("READY", "RUNNING")}
    assert len({look[2] for look in by_state.values()} - plain) >= len(STATES) - 3


@pytest.mark.parametrize("language", ["en-GB", "es-MX"])
def test_every_text_stands_out_from_what_is_behind_it(opened: Opened, language: str) -> None:
    station = opened(
        examples.station(
            all_states(),
            estop="latched",
            guard_answers=False,
            locked_code="STN-GOLDEN",
            locked=examples.words("refused.locked", "Production is locked.", code="STN-GOLDEN", why="x"),
        ),
        language=language,
    )
    page = station.page
    seen: set[str] = set()
    pages = {"grid": page.evaluate(CONTRASTS)}
    page.keyboard.press("F1")
    page.wait_for_selector(".help kbd:text-is('STOP-16')")
    pages["help"] = page.evaluate(CONTRASTS)
    page.keyboard.press("Escape")
    for number, state in enumerate(all_states(), 1):
        if state["state"] in seen:
            continue
        seen.add(state["state"])
        page.locator(f".cell:nth-child({number})").click()
        page.wait_for_selector(".pane td, .pane .nothing")
        pages[f"detail {state['state']}"] = page.evaluate(CONTRASTS)
        page.keyboard.press("Escape")

    weak = [
        (name, text, round(ratio, 2))
        for name, found in pages.items()
        for text, ratio in found
        if ratio < LEAST_CONTRAST
    ]

    assert len(pages["grid"]) > 80
    assert weak == []


def test_whatever_is_pressed_is_as_large_as_a_gloved_finger(opened: Opened) -> None:
    page = opened(session=examples.session(in_control=False)).page
    sizes = """() => [...document.querySelectorAll("button, a, .cell, .runs tr")]
      .filter((node) => node.checkVisibility()).map((node) => {
        const box = node.getBoundingClientRect();
        return [node.textContent, box.width, box.height];
      })"""

    found = page.evaluate(sizes)
    page.locator(".cell").nth(0).click()
    found += page.evaluate(sizes)
    for tab in ("Runs", "Files"):
        page.get_by_role("button", name=tab, exact=True).click()
        page.wait_for_selector(".runs tr, .files a")
        found += page.evaluate(sizes)
    page.locator("#who").click()
    found += page.evaluate(sizes)

    assert len(found) > 40
    assert [one for one in found if min(one[1:]) < TOUCH_PIXELS - 0.5] == []


@pytest.mark.parametrize("language", ["en-GB", "es-MX"])
def test_no_word_is_cut_however_many_slots(opened: Opened, language: str) -> None:
    station = opened(language=language)
    cut = {}

    for width, height in ((1024, 768), (1920, 1080)):
        station.page.set_viewport_size({"width": width, "height": height})
        for count in (1, 2, 3, 4, 6, 8, 12, 16):
            station.show(examples.station(examples.slots(count)))
            expect(station.page.locator(".tile")).to_have_count(count)
            cut[width, count] = station.page.evaluate(CUT)

    assert {shape: words for shape, words in cut.items() if words} == {}


@pytest.mark.parametrize("language", ["en-GB", "es-MX"])
def test_nothing_is_cut_in_the_broadest_font_a_station_may_have(opened: Opened, language: str) -> None:
    def broad(html: str) -> str:
        assert "Inter, " in html
        return re.sub('Inter, .*"DejaVu Sans"', '"DejaVu Sans"', html)

    page = opened(examples.station(all_states()), language=language, change=broad).page

    assert page.evaluate(CUT) == []


def test_the_result_is_readable_across_the_room_on_sixteen_tiles(opened: Opened) -> None:
    """24 pixels are 6.5 mm on the smallest screen, 36 are 10 mm on a large one."""
    sizes = {}
    for width, height in ((1024, 768), (1920, 1080)):
        page = opened(size=(width, height)).page
        sizes[width] = page.eval_on_selector_all(
            ".is-pass h2, .is-fail h2",
            "(words) => words.map((word) => parseFloat(getComputedStyle(word).fontSize))",
        )

    assert min(sizes[1024]) >= 24
    assert min(sizes[1920]) >= 36


def test_a_phone_scrolls_and_nothing_sticks_out(opened: Opened) -> None:
    page = opened(size=(390, 844)).page

    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollHeight > innerHeight")
    assert page.locator("#estop").is_visible()


def test_only_what_asks_for_a_hand_moves(opened: Opened) -> None:
    page = opened().page

    moving = page.evaluate(
        "document.getAnimations().map((one) => one.effect.target.closest('.tile').className)"
    )

    assert {name.split()[-1] for name in moving} == {"is-action-needed", "is-no-link"}


def test_saturated_colours_are_few(opened: Opened) -> None:
    page = opened(examples.station(all_states())).page

    used = page.evaluate("""() => {
      const found = new Set();
      for (const node of document.querySelectorAll("body *")) {
        if (!node.checkVisibility()) continue;
        const style = getComputedStyle(node);
        for (const colour of [style.backgroundColor, style.color, style.borderTopColor, style.fill]) {
          const [r, g, b, a] = (colour.match(/[\\d.]+/g) ?? []).map(Number);
          if (a !== 0 && Math.max(r, g, b) - Math.min(r, g, b) > 110) found.add([r, g, b].join());
        }
      }
      return [...found];
    }""")

    assert len(used) <= 8, used
