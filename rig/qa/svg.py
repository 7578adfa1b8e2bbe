"""Drawing: small pieces of SVG as text. Every word that is drawn is escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from markupsafe import Markup

INK: Final = "#1d2329"
SOFT: Final = "#66707a"
RULE: Final = "#dfe3e7"
BLUE: Final = "#3f6f8f"
RED: Final = "#b3261e"
AMBER: Final = "#b97a12"
PALE: Final = "#e9eff3"

Point = tuple[float, float]


def picture(width: float, height: float, parts: Iterable[Markup], says: str) -> Markup:
    """An SVG as wide as its column, ``says`` for those who cannot see it."""
    body = Markup("").join(parts)
    return Markup(
        '<svg viewBox="0 0 {:g} {:g}" role="img" aria-label="{}" style="max-width:{:g}px">{}</svg>'
    ).format(width, height, says, width, body)


def text(
    x: float,
    y: float,
    words: object,
    size: float = 11,
    fill: str = SOFT,
    anchor: str = "start",
    weight: int = 400,
) -> Markup:
    return Markup(
        '<text x="{:.1f}" y="{:.1f}" font-size="{:g}" fill="{}" text-anchor="{}" font-weight="{}">{}</text>'
    ).format(x, y, size, fill, anchor, weight, words)


def line(
    x1: float, y1: float, x2: float, y2: float, stroke: str = RULE, width: float = 1, dash: str = ""
) -> Markup:
    return Markup(
        '<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}" stroke-width="{:g}"{}/>'
    ).format(x1, y1, x2, y2, stroke, width, Markup(' stroke-dasharray="{}"').format(dash) if dash else "")


def rect(
    x: float,
    y: float,
    width: float,
    height: float,
    fill: str,
    *,
    round_by: float = 0,
    opacity: float = 1,
    says: str = "",
) -> Markup:
    title = Markup("<title>{}</title>").format(says) if says else Markup("")
    return Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="{:g}" fill="{}" '
        'fill-opacity="{:.2f}">{}</rect>'
    ).format(x, y, max(0.0, width), max(0.0, height), round_by, fill, opacity, title)


def dot(x: float, y: float, radius: float, fill: str, says: str = "") -> Markup:
    title = Markup("<title>{}</title>").format(says) if says else Markup("")
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:g}" fill="{}">{}</circle>').format(
        x, y, radius, fill, title
    )


def path(points: Sequence[Point], stroke: str, width: float = 1.5, dash: str = "") -> Markup:
    """A line through the points."""
    where = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return Markup('<polyline points="{}" fill="none" stroke="{}" stroke-width="{:g}"{}/>').format(
        where, stroke, width, Markup(' stroke-dasharray="{}"').format(dash) if dash else ""
    )


def fitted(words: str, pixels: float, size: float = 11) -> str:
    """``words`` cut so that they fit; a letter is about 0.56 of its size wide."""
    most = max(1, int(pixels / (0.56 * size)))
    return words if len(words) <= most else words[: most - 1] + "…"


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers from ``low`` to ``high``."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    power = _power(rough)
    step = next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= rough)
    first = -(-low // step) * step
    found = []
    while first <= high + step * 1e-9:
        found.append(round(first, 12))
        first += step
    return found


def _power(value: float) -> float:
    power = 1.0
    while power > value:
        power /= 10
    while power * 10 <= value:
        power *= 10
    return power


def scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """Maps ``low`` to ``high`` onto ``start`` to ``end``."""
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)
