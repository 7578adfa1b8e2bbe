"""Serials, names and sentences are other people's text: it is shown, and nothing in it is obeyed."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.station.panel import examples
from tests.station.panel.conftest import Opened

NASTY = {
    "script": "<script>window.hurt = 1</script>",
    "image": "<img src=x onerror='window.hurt = 1'>",
    "closing": "</script></style><svg onload='window.hurt = 1'>",
    "link": "javascript:window.hurt=1",
    "place": "{serial} {text} ${hurt} {{ 7 * 7 }}",
    "turned": "S21\u202e0000 \u2066LIVE\u2069\u200b\u0000\n\tX",
    "long": "W" * 600,
    "words": "very " * 120,
    "marks": "Z\u0335\u0321\u0322\u0327" * 60,
}


def soiled(value: Any, text: str) -> Any:
    """The same value with every piece of free text in it replaced."""
    free = {
        "text",
        "serial",
        "why",
        "says",
        "name",
        "grade",
        "phase",
        "label",
        "calibration",
        "top_code",
        "code",
        "badge",
        "station",
        "fixture",
        "product",
        "operator",
        "kind",
        "unit",
        "locked_code",
        "who",
        "failure_code",
    }
    if isinstance(value, dict):
        return {
            key: text if key in free and isinstance(inner, str) else soiled(inner, text)
            for key, inner in value.items()
        }
    return [soiled(one, text) for one in value] if isinstance(value, list) else value


def test_nothing_in_a_text_is_obeyed_and_the_page_stays_in_shape(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = opened()
    page = station.page
    shape = """() => [document.documentElement.scrollWidth <= innerWidth, window.hurt ?? null,
      document.querySelectorAll("img, iframe, object, a:not(.plain), script:not([nonce]), [onload]")
        .length]"""
    seen = {}
    told, detail, line = (
        examples.station(locked=examples.words("x", "x"), locked_code="x"),
        examples.run_detail(),
        examples.run_line(),
    )

    for name, text in NASTY.items():
        monkeypatch.setattr(examples, "run_detail", partial(soiled, detail, text))
        monkeypatch.setattr(examples, "run_line", partial(soiled, line, text))
        station.tell({"type": "session", "session": soiled(examples.session(), text)})
        station.show(soiled(told, text))
        expect(page.locator(".cell").nth(2).locator(".serial")).to_have_text(re.compile(r".", re.DOTALL))
        cells = page.eval_on_selector_all(
            ".cell", "(cells) => cells.map((one) => [one.offsetWidth, one.offsetHeight])"
        )
        seen[name, "grid"] = page.evaluate(shape)
        page.locator(".cell").nth(2).click()
        for tab in ("Measurements", "Journal", "Runs"):
            page.get_by_role("button", name=tab, exact=True).click()
            page.wait_for_selector(".pane td")
            seen[name, tab] = page.evaluate(shape)
        page.locator("#who").click()
        seen[name, "menu"] = page.evaluate(shape)
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.keyboard.insert_text(text.replace("\n", " ")[:150])
        page.keyboard.press("Enter")
        expect(page.locator("#prompt.accepted")).to_have_count(1)
        assert len({tuple(cell) for cell in cells}) <= 2, name

    assert {where: found for where, found in seen.items() if found != [True, None, 0]} == {}
    assert len(station.posts()) == len(NASTY)
    assert station.problems == []


def test_a_serial_is_shown_letter_by_letter(opened: Opened) -> None:
    tile = examples.tiles()[0] | {"serial": NASTY["image"]}
    page = opened(examples.station([tile])).page

    assert page.locator(".tile .serial").text_content() == NASTY["image"]


def test_a_page_never_opens_what_its_policy_forbids(opened: Opened) -> None:
    station = opened()

    blocked = station.page.evaluate("""async () => {
      const tried = [];
      document.addEventListener("securitypolicyviolation", (event) => tried.push(event.effectiveDirective));
      document.body.insertAdjacentHTML("beforeend", "<p style='color:red'></p><img src='http://elsewhere.test/x.png'>");
      const script = document.createElement("script");
      script.textContent = "window.hurt = 1";
      document.body.append(script);
      await fetch("http://elsewhere.test/").catch(() => {});
      await new Promise((done) => setTimeout(done, 100));
      return [...new Set(tried)].sort();
    }""")

    assert station.page.evaluate("window.hurt") is None
    assert blocked == ["connect-src", "img-src", "script-src-elem", "style-src-attr"]
