"""Numbers as instruments write them. A sentinel is a status, never a float.

Overload and no-data markers: SCPI's 9.9E37 and 9.91E37 (Keysight 34970A manual p. 228-235, Yokogawa
WT3001E manual p. 141), Yokogawa's INF and NAN in ASCII form, dashes on front-panel style answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rig.slot import Reading, Status

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SEPARATOR = re.compile("[,;]")
_NO_DATA = re.compile(r"[+-]?NAN|-{2,}", re.ASCII)
_OVERLOAD = re.compile(r"[+-]?INF(?:INITY)?", re.ASCII)
_NOT_A_NUMBER = 9.91e37
_LARGEST = 9.9e37


@dataclass(frozen=True, slots=True)
class Markers:
    """What a family says with ordinary numbers: exact ones, and those too large to be a reading."""

    exact: Mapping[float, Status] = field(default_factory=dict)
    overload_from: float = _LARGEST


PLAIN = Markers()


def parse_number(text: str, markers: Markers = PLAIN) -> Reading:
    """One number or sentinel as a Reading; ``markers`` are the family's own sentinels.

    Raises ValueError for anything else: such an answer belongs to another question.
    """
    word = text.strip().upper()
    if _NO_DATA.fullmatch(word):
        return Reading.missing(Status.NO_DATA)
    if _OVERLOAD.fullmatch(word):
        return Reading.missing(Status.OVERLOAD)
    if not _NUMBER.fullmatch(word):
        raise ValueError(f"{text[:40]!r} is no number")
    value = float(word)
    if value == _NOT_A_NUMBER:
        return Reading.missing(Status.NO_DATA)
    if value in markers.exact:
        return Reading.missing(markers.exact[value])
    if abs(value) >= markers.overload_from:
        return Reading.missing(Status.OVERLOAD)
    return Reading(value)


def parse_numbers(text: str, count: int, markers: Markers = PLAIN) -> tuple[Reading, ...]:
    """Exactly ``count`` numbers between commas or semicolons.

    Raises ValueError for another count or content.
    """
    words = _SEPARATOR.split(text)
    if len(words) != count:
        raise ValueError(f"{len(words)} values in {text[:60]!r}, expected {count}")
    return tuple(parse_number(word, markers) for word in words)


def parse_register(text: str) -> int:
    """A status register: a whole number that is not negative, however it is written."""
    reading = parse_number(text)
    if not reading.ok or reading.value < 0 or reading.value != int(reading.value):
        raise ValueError(f"{text[:40]!r} is no status register")
    return int(reading.value)


def parse_switch(text: str) -> bool:
    """``0``/``1`` or ``OFF``/``ON``, as OUTP? answers."""
    word = text.strip().upper()
    if word in ("1", "+1", "ON"):
        return True
    if word in ("0", "+0", "OFF"):
        return False
    raise ValueError(f"{text[:40]!r} is neither on nor off")
