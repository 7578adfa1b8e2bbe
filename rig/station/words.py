"""Sentences by key. The English ones lie beside this module; a page may say them in another language."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from rig.station.view import Words

FOLDER = Path(__file__).parent / "words"
MOST_LETTERS = 600              # of one parameter: what comes from outside is cut, not refused


def say(key: str, **params: str | int | float) -> Words:
    """The sentence of ``key``. Raises KeyError for a key or a place that English does not have."""
    cut = {name: value[:MOST_LETTERS] if isinstance(value, str) else value for name, value in params.items()}
    return Words(key=key, params=cut, text=sentences("en")[key].format(**cut))


@cache
def sentences(language: str) -> dict[str, str]:
    """All sentences the back end may say, by key. ``language``: a file of the folder ``words``."""
    found: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found
