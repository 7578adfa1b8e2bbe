"""The reports' charts, each from plain numbers to one SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from markupsafe import Markup

from rig.qa.stats import Bounds, Floats
from rig.qa.svg import (
    AMBER,
    BLUE,
    INK,
    PALE,
    RED,
    RULE,
    SOFT,
    dot,
    fitted,
    line,
    path,
    picture,
    rect,
    text,
    ticks,
)
from rig.qa.words import figure, number, percent
from rig.qa.yields import Point
from rig.verdict.control import wilson


LINES = (BLUE, AMBER, RED, "#4d8a57", "#5b2a86", SOFT)


def p_chart(
    points: Sequence[Point], notes: Mapping[str, str], width: float = 1180, height: float = 240
) -> Markup:
    """Yield of each day, limits of three sigmas. ``notes``: words at a day."""
    total = sum(one.n for one in points)
    mean = sum(one.passed for one in points) / total
    low = min(min(one.share for one in points), min(one.low for one in points))
    low, high = max(0.0, low - 0.01), 1.0
    left, right, top, bottom = 48.0, width - 12, 26.0, height - 26
    x = _scale(0, max(1, len(points) - 1), left + 6, right - 6)
    y = _scale(low, high, bottom, top)
    parts = [line(left, y(at), right, y(at)) for at in ticks(low, high)]
    parts += [
        text(left - 6, y(at) + 4, percent(at, 0 if at * 100 == round(at * 100) else 1), anchor="end")
        for at in ticks(low, high)
    ]
    parts.append(line(left, y(mean), right, y(mean), SOFT))
    for ends in ("low", "high"):
        parts.append(path([(x(at), y(getattr(one, ends))) for at, one in enumerate(points)], SOFT, 1, "3 3"))
    parts.append(path([(x(at), y(one.share)) for at, one in enumerate(points)], BLUE, 1.6))
    for at, one in enumerate(points):
        says = f"{one.name}: {one.passed} of {one.n}, {percent(one.share)}"
        parts.append(dot(x(at), y(one.share), 4.5 if one.is_out else 2.6, RED if one.is_out else BLUE, says))
    shown = 0
    for at, one in enumerate(points):
        if one.name in notes and shown < 4:
            beyond = x(at) > left + 0.7 * (right - left)
            parts.append(line(x(at), top - 8, x(at), bottom, AMBER, 1, "2 3"))
            parts.append(
                text(
                    x(at) + (-5 if beyond else 5),
                    top - 10 + 11 * (shown % 2),
                    notes[one.name],
                    11,
                    AMBER,
                    "end" if beyond else "start",
                )
            )
            shown += 1
    parts += _day_labels(points, x, height - 7)
    return picture(width, height, parts, "yield by day with its control limits")


def _day_labels(points: Sequence[Point], x: Callable[[float], float], y: float) -> list[Markup]:
    many = len(points)
    every = max(1, math.ceil(many / 12))
    at = [one for one in range(0, many, every) if many - 1 - one >= every * 0.6 or one == many - 1]
    if many - 1 not in at:
        at.append(many - 1)
    anchors = {0: "start", many - 1: "end"} if many > 1 else {}
    return [text(x(one), y, points[one].name[5:], anchor=anchors.get(one, "middle")) for one in at]


def dots(points: Sequence[Point], red: set[str], width: float = 380, most: int = 14) -> Markup:
    """Yield of each group with its 95 % interval; a vertical line at the mean of all."""
    shown = sorted(points, key=lambda one: one.share)[:most]
    row, top = 24.0, 8.0
    label = min(150.0, 12 + 6.6 * max(len(one.name) for one in shown))
    spans = [wilson(one.passed, one.n) for one in shown]
    low, high = min(span.low for span in spans), max(span.high for span in spans)
    x = _scale(low, high if high > low else low + 0.01, label + 8, width - 62)
    mean = sum(one.passed for one in points) / sum(one.n for one in points)
    height = top + row * len(shown) + 24
    parts = []
    if low <= mean <= high:
        parts += [
            line(x(mean), top, x(mean), top + row * len(shown), SOFT, 1, "3 3"),
            text(x(mean), height - 8, f"all {percent(mean)}", 10.5, anchor="middle"),
        ]
    for at, (one, span) in enumerate(zip(shown, spans, strict=True)):
        y = top + row * at + row / 2
        colour = RED if one.name in red else BLUE
        parts += [
            text(
                label, y + 4, fitted(one.name, label - 4), 11.5, INK, "end", 600 if one.name in red else 400
            ),
            line(x(span.low), y, x(span.high), y, colour, 3),
            dot(x(one.share), y, 4.5, colour, f"{one.name}: {one.passed} of {one.n}"),
            text(width - 54, y + 4, percent(one.share), 11.5, INK),
        ]
    return picture(width, height, parts, "yield with 95 % intervals")


def pareto(counts: Sequence[tuple[str, int]], width: float = 1180, most: int = 12) -> Markup:
    """Bars by count, and the share of all up to each."""
    shown = list(counts[:most])
    rest = sum(count for _, count in counts[most:])
    if rest:
        shown.append(("others", rest))
    total, top = sum(count for _, count in counts), max(count for _, count in shown)
    room = (width - 40) / max(8, len(shown))
    bar, floor = min(70.0, room * 0.68), 176.0
    parts, run, curve = [line(16, floor, width - 16, floor, RULE)], 0, []
    for at, (name, count) in enumerate(shown):
        middle = 20 + room * (at + 0.5)
        tall = count / top * 146
        run += count
        curve.append((middle, floor - run / total * 146))
        parts += [
            rect(middle - bar / 2, floor - tall, bar, tall, BLUE, says=f"{name}: {count}"),
            text(middle, floor + 16, fitted(name, room, 11), 11, INK, "middle"),
            text(middle, floor + 31, percent(run / total, 0), 11, SOFT, "middle"),
        ]
    parts.append(path(curve, AMBER, 1.4, "4 3"))
    for at, (_, count) in enumerate(shown):
        middle, tall = 20 + room * (at + 0.5), count / top * 146
        inside = tall > 34
        parts.append(
            text(
                middle,
                floor - tall + (16 if inside else -6),
                count,
                12,
                "#fff" if inside else INK,
                "middle",
                600,
            )
        )
    return picture(width, 214, parts, "failure codes by frequency")


def heat(
    counts: Mapping[int, float],
    chips: int,
    domains: int,
    *,
    digits: int = 0,
    red: bool = True,
    floor: float = 0.0,
    top: float | None = None,
    shown: Mapping[int, float] | None = None,
    marked: Collection[int] = (),
    says: str = "chip positions",
    width: float = 570,
) -> Markup:
    """One cell a chip, one column a domain, from the host on. Darker is more.

    ``shown``: what is written in the cells where that is not what they are coloured by; ``marked`` are framed.
    """
    rows = math.ceil(chips / domains)
    cell = (width - 40) / domains
    tall = min(cell, 36.0)
    most = max(counts.values(), default=0.0) if top is None else top
    span = (most - floor) or 1.0
    parts = []
    for chip in range(chips):
        domain, place = divmod(chip, rows)
        share = min(1.0, max(0.0, (counts.get(chip, 0) - floor) / span))
        value = (shown or counts).get(chip, 0)
        x, y = 30 + domain * cell, 4 + place * tall
        if chip in marked:
            parts.append(rect(x - 2, y - 2, cell + 1, tall + 1, INK, round_by=4))
            parts.append(rect(x, y, cell - 3, tall - 3, "#fff", round_by=3))
        parts.append(rect(
            x, y, cell - 3, tall - 3, RED if red else BLUE, round_by=3, opacity=0.05 + 0.9 * share,
            says=f"chip {chip}, domain {domain}: {number(value)}",
        ))
        if value:
            ink = "#fff" if share > 0.5 else INK
            parts.append(text(x + (cell - 3) / 2, y + tall / 2 + 2.5, f"{value:.{digits}f}", 11, ink, "middle"))
    parts += [
        text(30 + (domain + 0.5) * cell - 1.5, rows * tall + 18, domain, anchor="middle")
        for domain in range(domains)
    ]
    return picture(width, rows * tall + 24, parts, says)


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
    x = _scale(start, end, 2, width - 2)
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


def control(
    names: Sequence[str],
    values: Sequence[float],
    limits: tuple[float, float, float],
    hits: Mapping[int, str],
    unit: str,
    width: float = 575,
    height: float = 150,
) -> Markup:
    """An individuals chart; ``limits``: mean, low, high; ``hits``: which rules a point completes."""
    mean, low, high = limits
    least, most = min([low, *values]), max([high, *values])
    pad = (most - least) * 0.08 or 1.0
    left, right, top, bottom = 74.0, width - 8, 8.0, height - 22
    x, y = (
        _scale(0, max(1, len(values) - 1), left + 5, right - 5),
        _scale(least - pad, most + pad, bottom, top),
    )
    parts = [rect(left, y(high), right - left, y(low) - y(high), PALE, opacity=0.8)]
    for at, colour, dash in ((mean, SOFT, ""), (low, RED, "4 3"), (high, RED, "4 3")):
        parts.append(line(left, y(at), right, y(at), colour, 1, dash))
    digits = 2 + max(0, math.ceil(math.log10(max(abs(low), abs(high)) / (high - low)))) if high > low else 4
    apart = sorted({round(y(at)): at for at in (low, high)}.items())
    parts += [text(left - 5, place + 4, figure(at, unit, digits), 10.5, anchor="end") for place, at in apart]
    if all(abs(place - y(mean)) > 13 for place, _ in apart):
        parts.append(text(left - 5, y(mean) + 4, figure(mean, unit, digits), 10.5, anchor="end"))
    parts.append(path([(x(at), y(value)) for at, value in enumerate(values)], BLUE, 1.4))
    for at, value in enumerate(values):
        hit = hits.get(at, "")
        parts.append(
            dot(
                x(at),
                y(value),
                3.4 if hit else 1.8,
                RED if hit else BLUE,
                f"{names[at]}: {figure(value, unit)}{': ' + hit if hit else ''}",
            )
        )
    if names:
        parts += [
            text(left, height - 6, names[0], 10.5),
            text(right, height - 6, names[-1], 10.5, anchor="end"),
        ]
    return picture(width, height, parts, "control chart")


def trend(names: Sequence[str], values: Sequence[float], unit: str, bound: str | None,
          width: float = 575, height: float = 120) -> Markup:
    """Daily means with the limits, where these are near."""
    limits = [one for one in (Bounds.read(bound).low, Bounds.read(bound).high) if one is not None]
    spread = (max(values) - min(values)) or abs(values[0]) * 0.05 or 1.0
    near = [one for one in limits if min(values) - 4 * spread <= one <= max(values) + 4 * spread]
    low, high = min([*values, *near]), max([*values, *near])
    pad = (high - low) * 0.08 or spread
    left, right, top, bottom = 62.0, width - 8, 6.0, height - 20
    x, y = _scale(0, max(1, len(values) - 1), left + 4, right - 4), _scale(low - pad, high + pad, bottom, top)
    parts = []
    for at in ticks(low, high, 3):
        parts += [line(left, y(at), right, y(at)), text(left - 5, y(at) + 4, figure(at, unit), 10.5, anchor="end")]
    parts += [line(left, y(at), right, y(at), RED, 1.3) for at in near]
    parts.append(path([(x(at), y(value)) for at, value in enumerate(values)], BLUE, 1.5))
    parts += [dot(x(at), y(value), 1.8, BLUE, f"{names[at]}: {figure(value, unit)}") for at, value in enumerate(values)]
    parts += [text(left, height - 5, names[0], 10.5), text(right, height - 5, names[-1], 10.5, anchor="end")]
    return picture(width, height, parts, "daily means")


def interaction(means: Floats, boards: Sequence[str], slots: Sequence[str], unit: str,
                width: float = 570, height: float = 220) -> Markup:
    """Mean of every board, one line a slot; ``means`` is boards × slots."""
    low, high = float(means.min()), float(means.max())
    pad = (high - low) * 0.06 or abs(high) * 0.01 or 1.0
    left, right, top, bottom = 70.0, width - 12, 24.0, height - 24
    x, y = _scale(0, max(1, len(boards) - 1), left + 8, right - 8), _scale(low - pad, high + pad, bottom, top)
    parts = []
    for at in ticks(low, high):
        parts += [line(left, y(at), right, y(at)), text(left - 6, y(at) + 4, figure(at, unit), 10.5, anchor="end")]
    room_of = (right - left) / max(1, len(boards))
    for at, board in enumerate(boards):
        parts.append(text(x(at), height - 8, fitted(board, room_of, 10), 10, anchor="middle"))
    for slot, name in enumerate(slots):
        colour = LINES[slot % len(LINES)]
        parts.append(path([(x(at), y(float(means[at, slot]))) for at in range(len(boards))], colour, 1.6))
        parts += [dot(x(at), y(float(means[at, slot])), 3, colour, f"{boards[at]}, {name}") for at in range(len(boards))]
        parts.append(text(left + 8 + slot * 90, 13, f"● {fitted(name, 74)}", 11, colour))
    return picture(width, height, parts, "means by board and slot")


def bars(rows: Sequence[tuple[str, float, str]], width: float = 560, red: bool = False) -> Markup:
    """Horizontal bars: name, length, words behind the bar."""
    longest = max((value for _, value, _ in rows), default=0.0) or 1.0
    label = min(210.0, 12 + 6.4 * max((len(name) for name, _, _ in rows), default=1))
    parts = []
    for at, (name, value, words) in enumerate(rows):
        y = 4 + 26 * at
        long = (width - label - 150) * value / longest
        parts += [
            text(label, y + 14, fitted(name, label), 11.5, INK, "end"),
            rect(label + 8, y + 2, long, 17, RED if red else BLUE),
            text(label + 15 + long, y + 15, words, 11.5, INK),
        ]
    return picture(width, 26 * len(rows) + 8, parts, "bars")


def room(value: float | None, bounds: Bounds, width: float = 64, height: float = 12) -> Markup:
    """A bar between the limits with a mark at the value; nothing where there is no range."""
    if value is None or not bounds.is_range:
        return Markup("")
    low, high = bounds.low, bounds.high
    if low is None or high is None:
        edge = high if low is None else low
        reach = abs(edge or 0.0) or abs(value) or 1.0
        low, high = (high - reach, high) if high is not None else (edge, (edge or 0.0) + reach)
    x = _scale(low or 0.0, high, 4, width - 4)
    at = min(max(x(value), 2), width - 2)
    out = not (bounds.low is None or value >= bounds.low) or not (bounds.high is None or value <= bounds.high)
    parts = [rect(4, 4, width - 8, 4, RULE, round_by=2)]
    parts += [line(edge, 1, edge, 11, RED, 1.3) for edge, there in
              ((4, bounds.low is not None), (width - 4, bounds.high is not None)) if there]
    parts.append(dot(at, 6, 3, RED if out else BLUE))
    return picture(width, height, parts, "place between the limits")


def curves(
    seconds: Sequence[float], lines: Sequence[Sequence[float | None]], unit: str, width: float = 570, height: float = 170
) -> Markup:
    """Numbers over the seconds of a run; gaps where there is none. Empty when there is nothing to draw."""
    known = [value for one in lines for value in one if value is not None and math.isfinite(value)]
    if not known or len(seconds) < 2:
        return Markup("")
    low, high = min(known), max(known)
    pad = (high - low) * 0.06 or abs(high) * 0.02 or 1.0
    left, right, top, bottom = 62.0, width - 10, 8.0, height - 22
    x, y = _scale(seconds[0], seconds[-1], left, right), _scale(low - pad, high + pad, bottom, top)
    parts = []
    for at in ticks(low, high):
        parts += [line(left, y(at), right, y(at)), text(left - 6, y(at) + 4, figure(at, unit), 10.5, anchor="end")]
    for at, one in enumerate(lines):
        piece: list[tuple[float, float]] = []
        for second, value in [*zip(seconds, one, strict=True), (0.0, None)]:
            if value is not None and math.isfinite(value):
                piece.append((x(second), y(value)))
            elif piece:
                parts.append(path(piece, (BLUE, AMBER)[at % 2], 1.5))
                piece = []
    parts += [text(x(at), height - 6, f"{at:g} s", 10.5, anchor="middle") for at in ticks(seconds[0], seconds[-1], 6)]
    return picture(width, height, parts, "numbers over the seconds of the run")


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)
