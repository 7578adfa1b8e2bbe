"""Languages: every text by a key, the same keys in all, and nothing said in the code itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import rig.station
from rig.station.roles import Role
from rig.station.view import Due, Estop, TileState
from rig.verdict.codes import Code
from tests.station.panel import examples
from tests.station.panel.conftest import Opened

STATION = Path(rig.station.__file__).parent
PANEL = STATION / "panel"
# Words of English that no Spanish sentence has; and what is spelt the same in both.
ENGLISH = re.compile(r"\b(the|of|and|is|are|was|not|to|with|board|scan|for|it|that|this|then|by|has|have)\b")
ALIKE = {"ui.fact.chips", "ui.over.chip"}
PLACES = re.compile(r"\{(\w+)\}")
ENUMS = {
    "ui.state.": TileState,
    "ui.code.": Code,
    "ui.estop.": Estop,
    "ui.due.": Due,
    "ui.help.": TileState,
    "ui.role.": Role,
}


def words_of(folder: Path, language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((folder / "words" / f"{language}.json").read_text(encoding="utf-8"))
    return found


def places_of(words: dict[str, str]) -> dict[str, list[str]]:
    """What each sentence has places for; why a board is run again is told in English alone."""
    return {key: [] if key.startswith("run.then.") else sorted(PLACES.findall(text))
            for key, text in words.items() if not key.startswith("code.")}


@pytest.mark.parametrize("folder", [STATION, PANEL], ids=["station", "page"])
def test_both_languages_have_the_same_keys_and_places(folder: Path) -> None:
    english, spanish = (places_of(words_of(folder, language)) for language in ("en", "es"))

    assert spanish == english


@pytest.mark.parametrize("folder", [STATION, PANEL], ids=["station", "page"])
def test_no_english_is_left_in_spanish(folder: Path) -> None:
    english, spanish = (words_of(folder, language) for language in ("en", "es"))
    plain = {key: PLACES.sub("", text) for key, text in spanish.items()}

    same = {key for key, text in plain.items()
            if english.get(key) == spanish[key] and re.search(r"[^\W\d_]{2}", text)}
    told = {key: found[0] for key, text in plain.items() if (found := ENGLISH.search(text))}

    assert same <= ALIKE
    assert told == {}


def test_what_is_dangerous_is_not_called_warm_in_spanish() -> None:
    """``caliente`` is warm to the hand and says nothing of volts."""
    page, station = words_of(PANEL, "es"), words_of(STATION, "es")

    assert page["ui.state.HOT"] == station["tile.hot"] == "PELIGRO – NO TOCAR"
    assert "tensión" in station["refused.hot"]
    assert all("rearm" in page[f"ui.estop.{state}.do"] for state in ("open", "latched"))
    assert "RELEASE" in page["ui.estop.latched.do"]


def test_spanish_says_every_code_of_the_rig() -> None:
    spanish = words_of(STATION, "es")

    silent = [code for code in Code for part in ("says", "action") if f"code.{code}.{part}" not in spanish]
    assert silent == []


@pytest.mark.parametrize("start", ENUMS)
def test_every_value_the_station_can_send_has_a_word(start: str) -> None:
    english = words_of(PANEL, "en")

    assert [value for value in ENUMS[start] if start + str(value.value) not in english] == []


def test_the_page_uses_the_keys_it_has_and_has_the_keys_it_uses() -> None:
    code = "\n".join(file.read_text(encoding="utf-8") for file in sorted(PANEL.glob("*.js")))
    english = set(words_of(PANEL, "en"))
    named = set(re.findall(r'"(ui\.[\w.]+)"', code))
    built = {re.sub(r"\$\{.*", "", key) for key in re.findall(r"`(ui\.[^`]+)`", code)}

    assert named - english == set()
    assert {key for key in english if key not in named and not key.startswith(tuple(built))} == set()
    assert {start for start in built if not any(key.startswith(start) for key in english)} == set()


def test_no_text_stands_in_the_code(opened: Opened) -> None:
    """With every text in brackets, what is outside of brackets may only be data."""

    def bracketed(html: str) -> str:
        head, rest = html.split('id="words"', 1)
        start, end = rest.index("{"), rest.index("</script>")
        marked = {
            language: {key: f"⟦{text}⟧" for key, text in told.items()}
            for language, told in json.loads(rest[start:end]).items()
        }
        return head + 'id="words"' + rest[:start] + json.dumps(marked) + rest[end:]

    station = opened(
        examples.station(
            notices=[examples.words("notice.restarted", "x", went_on=3, closed=1)],
            alarms=[{
                "words": examples.words("alarm.same_code", "x", number=2, code="A", boards=3),
                "slot": "slot2", "locks": True,
            }],
            estop="latched",
            guard_answers=False,
        ),
        change=bracketed,
    )
    page = station.page
    texts = """() => {
      const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let text = walker.nextNode(); text; text = walker.nextNode())
        found.push([text.parentElement, text.data]);
      const seen = ([node]) => !node.closest("script, style") && node.checkVisibility();
      return found.filter(seen).map((one) => one[1]);
    }"""
    found = page.evaluate(texts)
    page.locator(".cell").nth(2).click()
    for tab in range(5):
        page.locator(".tabs button").nth(tab).click()
        page.wait_for_selector(".pane *")
        found += page.evaluate(texts)
    for press in ("F1", "Escape"):
        page.keyboard.press(press)
        found += page.evaluate(texts)
    page.locator("#who").click()
    found += page.evaluate(texts)
    station.drop()
    page.wait_for_selector("#nolink:visible")
    found += page.evaluate(texts)

    data = json.dumps(
        [examples.station(), examples.session(), examples.run_detail(), examples.run_line()],
        ensure_ascii=False,
    )
    # Units, keys, languages and file names are the same everywhere.
    plain = {"W", "V", "A", "°C", "MHz", "s", "GB", "kW", "ohm", "Ω", "chips", "Enter", "Esc", "ES", "EN"}
    plain |= {"record", "json", "junit", "xml", "journal", "jsonl"}
    outside = [re.sub(r"⟦[^⟧]*⟧", " ", text) for text in found]
    said = {word for text in outside for word in re.findall(r"[^\W\d_][\w-]*", text)}
    own = {word for word in said if word not in data and not re.fullmatch(r"F\d|STOP-\d+", word)}
    assert sum("⟦" in text for text in found) > 150
    assert own - plain == set()


def test_the_language_is_changed_at_a_press_and_kept(opened: Opened) -> None:
    station = opened()
    page = station.page

    page.locator("#keys button").last.click()
    page.reload()
    page.wait_for_selector(".tile")

    assert page.locator(".is-fail h2").first.text_content() == "FALLA"
    assert page.locator("#prompt p").text_content() == "Escanee una placa, un puesto o una tarjeta."
    assert page.locator(".is-fail .code").first.text_content() == "CHIP-WEAK"
