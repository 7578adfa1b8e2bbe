"""How a board's page comes out on one sheet, A4 or Letter: its table's type is as large as there is room.

A page without scripts cannot measure itself, so lines are counted here, with the widest type that its
reader may have. What finds no room at the smallest type is on the screen and in the file, and is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

WIDE, HIGH = 716.0, 975.0               # 96 to the inch, within margins of 10 mm: A4's width, Letter's height
EM: Final = 0.6                         # a letter's mean width
LEAST, MOST = 6.8, 8.8                  # the table's type
ROW: Final = 1.42                       # a row of it in its type
TEXT, TEXT_LINE = 8.2, 10.5             # the type of running text, and its lines
FIXED: Final = 138.0                    # title, headings, foot, and the gaps between all parts
WARNING, FACTS, ALONG = 20.0, 23.5, 6   # a warning, a row of facts, facts in a row
PICTURES, MAP = 196.0, 105.0            # map, volts and curves; the map without them
FINDING: Final = 4.0                    # around each
INSTRUMENT, INSTRUMENTS = 13.0, 38.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """``pixels``: the table's type in print; ``rows`` of it have room."""

    pixels: float
    rows: int


def sheet(
    *,
    rows: int,
    recorded: int,
    facts: int,
    verdict: int,
    findings: Iterable[tuple[int, int, int]],
    warnings: Iterable[int],
    pictures: int,
    instruments: int,
) -> Sheet:
    """``rows`` of the table; ``recorded`` and ``verdict``: letters of running text; ``findings``: letters of
    what, place and do; ``warnings``: letters of each; ``pictures`` and ``instruments``: how many."""
    used = FIXED + max(38.0, 13.0 * (1 + _lines(verdict, 0.78 * WIDE, 10.5)))
    used += sum(WARNING * _lines(one, WIDE, 10.5) for one in warnings)
    used += FACTS * math.ceil(facts / ALONG)
    used += TEXT_LINE * _lines(recorded, WIDE, TEXT)
    told = list(findings)
    if told:
        used += INSTRUMENTS
    for what, place, do in told:
        used += FINDING + TEXT_LINE * max(
            _lines(what, 0.4 * WIDE, TEXT), _lines(place, 0.16 * WIDE, TEXT), _lines(do, 0.3 * WIDE, TEXT)
        )
    if pictures:
        used += PICTURES if pictures > 2 else MAP
    if instruments:
        used += INSTRUMENTS + INSTRUMENT * instruments
    left = max(0.0, HIGH - used)
    columns = math.ceil(rows / 2) or 1
    pixels = min(MOST, max(LEAST, left / (ROW * columns)))
    return Sheet(pixels, min(rows, 2 * int(left / (ROW * pixels))))


def _lines(letters: int, wide: float, size: float) -> int:
    return math.ceil(letters * EM * size / wide)
