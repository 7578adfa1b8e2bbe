"""The product's page in Debian's Chromium, told example states over a WebSocket of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup
from playwright.sync_api import Page, Request, Route, WebSocketRoute

import rig.station

HERE = Path(rig.station.__file__).parent
ORIGIN = "http://panel.test"
NONCE = "n0nce"
POLICY = (
    f"default-src 'none'; script-src 'nonce-{NONCE}'; style-src 'nonce-{NONCE}'; img-src 'self' data:; "
    "connect-src 'self'; media-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def assembled() -> str:
    folder = HERE / "panel"
    env = Environment(loader=FileSystemLoader(folder), autoescape=select_autoescape(default=True))
    joined = {kind: "\n".join(p.read_text() for p in sorted(folder.glob(f"*.{kind}"))) for kind in ("css", "js")}
    both = {}
    for lang in ("en", "es"):
        both[lang] = {}
        for base in (HERE, folder):
            file = base / "words" / f"{lang}.json"
            if file.exists():
                both[lang] |= json.loads(file.read_text())
    words = json.dumps(both).replace("</", "<\\/")
    return env.get_template("index.html").render(
        css=Markup(joined["css"]), js=Markup(joined["js"]), words=Markup(words), nonce=NONCE)
