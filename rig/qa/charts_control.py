"""Control charts: single values, and the moving ranges that their limits are made of."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from rig.qa.svg import BLUE, PALE, RED, SOFT, dot, line, path, picture, rect, scale, text
from rig.qa.words import figure

WIDE, LEFT = 575.0, 74.0            # one below the other: a day of both stands in one place


def control(
    names: Sequence[str],
    values: Sequence[float],
    limits: tuple[float, float, float],
    hits: Mapping[int, str],
    unit: str,
    width: float = WIDE,
    height: float = 150,
) -> Markup:
    """An individuals chart; ``limits``: mean, low, high; ``hits``: which rules a point completes."""
    mean, low, high = limits
    least, most = min([low, *values]), max([high, *values])
    pad = (most - least) * 0.08 or 1.0
    left, right, top, bottom = LEFT, width - 8, 8.0, height - 22
    x, y = (
        scale(0, max(1, len(values) - 1), left + 5, right - 5),
        scale(least - pad, most + pad, bottom, top),
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


def moving(
    names: Sequence[str],
    values: Sequence[float],
    mean: float,
    high: float,
    unit: str,
    width: float = WIDE,
    height: float = 78,
) -> Markup:
    """How far each value stands from the one before, their mean and upper limit; beyond it red."""
    ranges = [abs(after - before) for before, after in itertools.pairwise(values)]
    most = max([high, *ranges]) * 1.06 or 1.0
    left, right, top, bottom = LEFT, width - 8, 8.0, height - 18
    x, y = scale(0, max(1, len(values) - 1), left + 5, right - 5), scale(0, most, bottom, top)
    parts = [line(left, bottom, right, bottom), line(left, y(mean), right, y(mean), SOFT),
             line(left, y(high), right, y(high), RED, 1, "4 3"),
             text(left - 5, y(high) + 4, figure(high, unit, 2), 10.5, anchor="end"),
             text(left - 5, bottom + 4, "0", 10.5, anchor="end"),
             text(left, height - 5, "moving ranges", 10.5)]
    if bottom - 13 > y(mean) > y(high) + 13:
        parts.append(text(left - 5, y(mean) + 4, figure(mean, unit, 2), 10.5, anchor="end"))
    parts.append(path([(x(at), y(value)) for at, value in enumerate(ranges, start=1)], BLUE, 1.2))
    for at, value in enumerate(ranges, start=1):
        out = value > high
        says = f"{names[at - 1]} to {names[at]}: {figure(value, unit)}"
        parts.append(dot(x(at), y(value), 3.4 if out else 1.6, RED if out else BLUE, says))
    return picture(width, height, parts, "moving ranges")
