"""The one page of the station, put together at its start: nothing else is ever fetched for it."""

from __future__ import annotations

import json
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from rig.station.words import FOLDER as WORDS
from rig.station.words import sentences

PANEL = Path(__file__).parent / "panel"
_WITHOUT = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>rig station</title>"
    "<p>This station has no page; its API is told by <a href=/openapi.json>/openapi.json</a>.</p>"
)


class Page:
    """``html`` for one nonce; everything it is made of is read once."""

    def __init__(self, folder: Path = PANEL) -> None:
        index = folder / "index.html"
        text = index.read_text(encoding="utf-8") if index.exists() else _WITHOUT
        self._template = Environment(autoescape=True).from_string(text)
        self._css = "\n".join(_texts(folder, "*.css"))
        self._js = "\n".join(_texts(folder, "*.js"))
        self._words = json.dumps(_words(folder), ensure_ascii=False).replace("</", "<\\/")

    def html(self, nonce: str) -> str:
        return self._template.render(
            nonce=nonce, css=Markup(self._css), js=Markup(self._js), words=Markup(self._words)
        )


def policy(nonce: str) -> str:
    """The content security policy of the page: its own script and style, its own station, nothing else."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data:; "
        "connect-src 'self'; media-src data: blob:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


def _texts(folder: Path, pattern: str) -> list[str]:
    return [file.read_text(encoding="utf-8") for file in sorted(folder.glob(pattern))]


def _words(folder: Path) -> dict[str, dict[str, str]]:
    """Every language: the back end's sentences and the page's own."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(WORDS.glob("*.json")):
        found[file.stem] = dict(sentences(file.stem))
    for file in sorted((folder / "words").glob("*.json")):
        found.setdefault(file.stem, {}).update(json.loads(file.read_text(encoding="utf-8")))
    return found
