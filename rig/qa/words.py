"""Numbers and names as people read them on a page."""

from __future__ import annotations

import math
from typing import Final

SIGNS: Final = {"celsius": "°C", "ohm": "Ω", "sub-cores": "sub-cores", "volts": "V"}
MILLI: Final = {"ohm": "mΩ", "V": "mV", "A": "mA"}
TINY: Final = 1e-4
NARROW: Final = "\u202f"  # no-break, between thousands and before units


def percent(share: float, digits: int = 1) -> str:
    """``0.961`` as ``96.1 %``."""
    return f"{100 * share:.{digits}f}{NARROW}%"


def number(value: float | None, digits: int = 4) -> str:
    """To significant digits, thousands apart, a true minus; a dash when there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{min(places, 9)}f}".replace(",", NARROW)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def figure(value: float | None, unit: str, digits: int = 4) -> str:
    """With its unit, in milli where that reads better; a dash alone when there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    if unit in MILLI and 0 < abs(value) < 0.1:
        return f"{number(1000 * value, 3 if digits == 4 else digits)}{NARROW}{MILLI[unit]}"
    sign = unit_sign(unit)
    return number(value, digits) + (f"{NARROW}{sign}" if sign else "")


def small(value: float, unit: str = "") -> str:
    """A spread with its unit; what is tiny by its power of ten."""
    if 0 < abs(value) < TINY and unit not in MILLI:
        return f"{value:.2e}".replace("e-0", "e-").replace("-", "−")
    return figure(value, unit, 3)


def unit_sign(unit: str) -> str:
    return SIGNS.get(unit, unit)


def signed(value: float, digits: int = 1) -> str:
    """With its sign, a true minus."""
    return f"{value:+.{digits}f}".replace("-", "−")


def count(value: int) -> str:
    return f"{value:,}".replace(",", NARROW)


def minutes(seconds: float | None) -> str:
    """``144`` as ``2:24``."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    return f"{round(seconds) // 60}:{round(seconds) % 60:02d}"


def limit(text: str | None) -> str:
    """A record's limit in signs: ``14.85 to 15.15``, ``≤ 1085``."""
    if not text:
        return "–"
    parts = text.split(" and ")
    if len(parts) == 2 and parts[0].startswith(">= ") and parts[1].startswith("<= "):
        return f"{parts[0][3:]} to {parts[1][3:]}".replace("-", "−")
    return text.replace(">=", "≥").replace("<=", "≤").replace("-", "−")
