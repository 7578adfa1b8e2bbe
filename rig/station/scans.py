"""What was scanned: a board, a slot or a command card, told by its form alone. Hostile until told apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from rig.recipe import Product
from rig.records.folder import SAFE_NAME
from rig.records.repairs import CODE

LONGEST_SCAN = 80
_CARD = re.compile(r"(SLOT|STOP|RELEASE)-([1-9][0-9]{0,2})", re.ASCII)
_REWORK = "REWORK-"
_SHIFT_END = "SHIFT-END"


class Kind(StrEnum):
    BOARD = "board"
    SLOT = "slot"
    STOP = "stop"
    RELEASE = "release"
    REWORK = "rework"
    SHIFT_END = "shift-end"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan, told apart. ``text`` is what may be shown: printable, and no longer than a scan may be."""

    kind: Kind
    text: str
    serial: str = ""            # of a board
    number: int = 0             # of a slot's cards
    code: str = ""              # of a rework card


def read_scan(text: str, product: Product) -> Scan:
    """What ``text`` is. A serial is taken as printed; cards in any case."""
    shown = "".join(letter if letter.isprintable() else "�" for letter in text.strip())[:LONGEST_SCAN]
    if len(text.strip()) > LONGEST_SCAN or shown != text.strip():
        return Scan(Kind.UNKNOWN, shown)
    upper = shown.upper()
    card = _CARD.fullmatch(upper)
    if card is not None:
        return Scan(Kind(card[1].lower()), shown, number=int(card[2]))
    if upper == _SHIFT_END:
        return Scan(Kind.SHIFT_END, shown)
    if upper.startswith(_REWORK) and CODE.fullmatch(upper[len(_REWORK):]):
        return Scan(Kind.REWORK, shown, code=upper[len(_REWORK):])
    if product.serial.accepts(shown) and SAFE_NAME.fullmatch(shown):
        return Scan(Kind.BOARD, shown, serial=shown)
    return Scan(Kind.UNKNOWN, shown)
