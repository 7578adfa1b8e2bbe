"""Charts of measured numbers, each from plain numbers to one SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup

from rig.qa.stats import Bounds, Floats
from rig.qa.svg import (
    AMBER,
    BLUE,
    RED,
    RULE,
    SOFT,
    dot,
    fitted,
    line,
    path,
    picture,
    rect,
    scale,
    text,
    ticks,
)
from rig.qa.words import figure

LETTERS = 6
LINES = (BLUE, AMBER, RED, "#4d8a57", "#5b2a86", SOFT)


def histogram(
    values: Floats, bounds: Bounds, width: float = 210, height: float = 46, bins: int = 40
) -> Markup:
    """Bars with the limits in red; a limit far outside is an arrow at the edge."""
    there = values[np.isfinite(values)]
    if not len(there):
        return Markup("–")
    low, high = (float(end) for end in np.quantile(there, [0.0005, 0.9995]))
    spread = (high - low) or abs(high) * 0.01 or 1.0
    limits = [one for one in (bounds.low, bounds.high) if one is not None]
    near = [one for one in limits if low - 2.5 * spread <= one <= high + 2.5 * spread]
    start, end = min([low, *near]) - 0.06 * spread, max([high, *near]) + 0.06 * spread
    x = scale(start, end, 2, width - 2)
    counts, edges = np.histogram(np.clip(there, start, end), bins=bins, range=(start, end))
    top = max(1, int(counts.max()))
    parts = [line(0, height - 1, width, height - 1, RULE)]
    for count, edge, after in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if count:
            tall = max(1.0, count / top * (height - 6))
            parts.append(rect(x(edge), height - 1 - tall, x(after) - x(edge) - 0.5, tall, BLUE))
    for one in limits:
        if one in near:
            parts.append(line(x(one), 0, x(one), height, RED, 1.5))
        else:
            left = one < start
            parts.append(
                text(0 if left else width, 9, "◂" if left else "▸", 9, RED, "start" if left else "end")
            )
    return picture(width, height, parts, "distribution and limits")


def trend(
    names: Sequence[str],
    values: Sequence[float],
    unit: str,
    bound: str | None,
    width: float = 575,
    height: float = 120,
) -> Markup:
    """Daily means with the limits, where these are near."""
    limits = [one for one in (Bounds.read(bound).low, Bounds.read(bound).high) if one is not None]
    spread = (max(values) - min(values)) or abs(values[0]) * 0.05 or 1.0
    near = [one for one in limits if min(values) - 4 * spread <= one <= max(values) + 4 * spread]
    low, high = min([*values, *near]), max([*values, *near])
    pad = (high - low) * 0.08 or spread
    left, right, top, bottom = 62.0, width - 8, 6.0, height - 20
    x, y = scale(0, max(1, len(values) - 1), left + 4, right - 4), scale(low - pad, high + pad, bottom, top)
    parts = []
    for at in ticks(low, high, 3):
        parts += [
            line(left, y(at), right, y(at)),
            text(left - 5, y(at) + 4, figure(at, unit), 10.5, anchor="end"),
        ]
    parts += [line(left, y(at), right, y(at), RED, 1.3) for at in near]
    parts.append(path([(x(at), y(value)) for at, value in enumerate(values)], BLUE, 1.5))
    parts += [
        dot(x(at), y(value), 1.8, BLUE, f"{names[at]}: {figure(value, unit)}")
        for at, value in enumerate(values)
    ]
    parts += [text(left, height - 5, names[0], 10.5), text(right, height - 5, names[-1], 10.5, anchor="end")]
    return picture(width, height, parts, "daily means")


def interaction(
    means: Floats,
    boards: Sequence[str],
    slots: Sequence[str],
    unit: str,
    width: float = 570,
    height: float = 220,
) -> Markup:
    """Mean of every board, one line a slot; ``means`` is boards × slots."""
    low, high = float(means.min()), float(means.max())
    pad = (high - low) * 0.06 or abs(high) * 0.01 or 1.0
    left, right, top, bottom = 70.0, width - 12, 24.0, height - 24
    x, y = scale(0, max(1, len(boards) - 1), left + 24, right - 24), scale(low - pad, high + pad, bottom, top)
    parts = []
    for at in ticks(low, high):
        parts += [
            line(left, y(at), right, y(at)),
            text(left - 6, y(at) + 4, figure(at, unit), 10.5, anchor="end"),
        ]
    room_of = (right - left) / max(1, len(boards))
    for at, board in enumerate(boards):
        named = board if len(board) <= LETTERS else f"…{board[-LETTERS:]}"      # its end tells boards apart
        parts.append(text(x(at), height - 8, fitted(named, room_of, 10), 10, anchor="middle"))
    for slot, name in enumerate(slots):
        colour = LINES[slot % len(LINES)]
        parts.append(path([(x(at), y(float(means[at, slot]))) for at in range(len(boards))], colour, 1.6))
        parts += [
            dot(x(at), y(float(means[at, slot])), 3, colour, f"{boards[at]}, {name}")
            for at in range(len(boards))
        ]
        parts.append(text(left + 8 + slot * 90, 13, f"● {fitted(name, 74)}", 11, colour))
    return picture(width, height, parts, "means by board and slot")


def room(value: float | None, bounds: Bounds, width: float = 64, height: float = 12) -> Markup:
    """A bar between the limits with a mark at the value; nothing where there is no range."""
    if value is None or not bounds.is_range:
        return Markup("")
    low, high = bounds.low, bounds.high
    if low is None or high is None:
        edge = high if low is None else low
        reach = abs(edge or 0.0) or abs(value) or 1.0
        low, high = (high - reach, high) if high is not None else (edge, (edge or 0.0) + reach)
    x = scale(low or 0.0, high, 4, width - 4)
    at = min(max(x(value), 2), width - 2)
    out = not (bounds.low is None or value >= bounds.low) or not (bounds.high is None or value <= bounds.high)
    parts = [rect(4, 4, width - 8, 4, RULE, round_by=2)]
    parts += [
        line(edge, 1, edge, 11, RED, 1.3)
        for edge, there in ((4, bounds.low is not None), (width - 4, bounds.high is not None))
        if there
    ]
    parts.append(dot(at, 6, 3, RED if out else BLUE))
    return picture(width, height, parts, "place between the limits")


def curves(
    seconds: Sequence[float],
    lines: Mapping[str, Sequence[float | None]],
    unit: str,
    width: float = 570,
    height: float = 170,
) -> Markup:
    """Numbers over the seconds of a run by what they are; gaps where there is none, empty without any."""
    known = [value for one in lines.values() for value in one if value is not None and math.isfinite(value)]
    if not known or len(seconds) < 2:
        return Markup("")
    low, high = min(known), max(known)
    pad = (high - low) * 0.06 or abs(high) * 0.02 or 1.0
    left, right, top, bottom = 62.0, width - 10, 22.0 if len(lines) > 1 else 8.0, height - 22
    x, y = scale(seconds[0], seconds[-1], left, right), scale(low - pad, high + pad, bottom, top)
    parts = []
    for at in ticks(low, high, 3):
        parts += [
            line(left, y(at), right, y(at)),
            text(left - 6, y(at) + 4, figure(at, unit), 10.5, anchor="end"),
        ]
    for at, (name, one) in enumerate(lines.items()):
        if name:
            place = right - 130 * (len(lines) - 1 - at)
            parts.append(text(place, 12, name, 12, (BLUE, AMBER)[at % 2], "end", 600))
        piece: list[tuple[float, float]] = []
        for second, value in [*zip(seconds, one, strict=True), (0.0, None)]:
            if value is not None and math.isfinite(value):
                piece.append((x(second), y(value)))
            elif piece:
                parts.append(path(piece, (BLUE, AMBER)[at % 2], 1.5))
                piece = []
    parts += [
        text(x(at), height - 6, f"{at:g} s", 10.5, anchor="middle")
        for at in ticks(seconds[0], seconds[-1], 4)
    ]
    return picture(width, height, parts, "numbers over the seconds of the run")
