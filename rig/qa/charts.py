"""Charts of shares and counts, each from plain numbers to one SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence

from markupsafe import Markup

from rig.qa.svg import (
    AMBER,
    BLUE,
    INK,
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
from rig.qa.words import number, percent
from rig.qa.yields import Point
from rig.verdict.control import wilson


def p_chart(
    points: Sequence[Point], notes: Mapping[str, str], width: float = 1180, height: float = 240
) -> Markup:
    """Yield of each day, limits of three sigmas. ``notes``: words at a day."""
    total = sum(one.n for one in points)
    mean = sum(one.passed for one in points) / total
    low = min(min(one.share for one in points), min(one.low for one in points))
    low, high = max(0.0, low - 0.01), 1.0
    left, right, top, bottom = 48.0, width - 12, 26.0, height - 26
    x = scale(0, max(1, len(points) - 1), left + 6, right - 6)
    y = scale(low, high, bottom, top)
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
    x = scale(low, high if high > low else low + 0.01, label + 8, width - 62)
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

    ``shown``: what is written in the cells where it is not what colours them; ``marked`` are framed.
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
        parts.append(
            rect(
                x,
                y,
                cell - 3,
                tall - 3,
                RED if red else BLUE,
                round_by=3,
                opacity=0.05 + 0.9 * share,
                says=f"chip {chip}, domain {domain}: {number(value)}",
            )
        )
        if value:
            ink = "#fff" if share > 0.5 else INK
            parts.append(
                text(x + (cell - 3) / 2, y + tall / 2 + 2.5, f"{value:.{digits}f}", 11, ink, "middle")
            )
    parts += [
        text(30 + (domain + 0.5) * cell - 1.5, rows * tall + 18, domain, anchor="middle")
        for domain in range(domains)
    ]
    return picture(width, rows * tall + 24, parts, says)


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
