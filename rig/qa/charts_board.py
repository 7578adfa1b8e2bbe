"""Charts of one board: its chips as they stand in the stack, and the volts of its domains."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from statistics import fmean

from markupsafe import Markup

from rig.qa.svg import BLUE, INK, PALE, RED, SOFT, line, picture, rect, scale, text
from rig.qa.words import number

WIDE = 400.0                # small, so that its words can be read where it is printed
BAND_VOLTS = 0.06           # half of what a bar can show to either side of the mean


def found(many: int, chips: int, domains: int, marked: Collection[int], width: float = WIDE) -> Markup:
    """The chain up to where it ended, one column a domain, from the host on; ``marked`` are framed."""
    rows = math.ceil(chips / domains)
    cell = (width - 40) / domains
    tall = min(cell, 36.0)
    parts = []
    for chip in range(chips):
        domain, place = divmod(chip, rows)
        x, y = 30 + domain * cell, 4 + place * tall
        there = chip < many
        if chip in marked:
            parts.append(rect(x - 2, y - 2, cell + 1, tall + 1, INK, round_by=4))
            parts.append(rect(x, y, cell - 3, tall - 3, "#fff", round_by=3))
        fill = RED if chip in marked else BLUE if there else PALE
        says = f"chip {chip}, domain {domain}: {'answered' if there else 'did not answer'}"
        parts.append(rect(x, y, cell - 3, tall - 3, fill, round_by=3, opacity=0.55 if there else 0.8,
                          says=says))
        if chip in marked or not there:
            ink = "#fff" if chip in marked else SOFT
            parts.append(text(x + (cell - 3) / 2, y + tall / 2 + 2.5, chip, 11, ink, "middle"))
    parts += [
        text(30 + (domain + 0.5) * cell - 1.5, rows * tall + 18, domain, anchor="middle")
        for domain in range(domains)
    ]
    return picture(width, rows * tall + 24, parts, "chips that answered")


def volts(values: Sequence[float | None], marked: Collection[int], width: float = WIDE) -> Markup:
    """A bar a domain around their mean, with its volts below; ``marked`` are red."""
    known = [value for value in values if value is not None]
    mean = fmean(known)
    cell, floor = (width - 40) / len(values), 64.0
    y = scale(mean - 2 * BAND_VOLTS, mean + 2 * BAND_VOLTS, floor, 4)
    parts = []
    for domain, value in enumerate(values):
        x = 30 + domain * cell
        parts.append(rect(x, 4, cell - 3, floor - 4, PALE, round_by=3))
        colour = RED if domain in marked else BLUE
        if value is not None:
            top = min(max(y(value), 4), floor - 2)
            parts.append(rect(x, top, cell - 3, floor - top, colour, round_by=3, opacity=0.8,
                              says=f"domain {domain}: {number(value)} V"))
        ink, weight = (RED, 600) if domain in marked else (INK, 400)
        said = "–" if value is None else f"{value:.3f}"
        parts.append(text(x + (cell - 3) / 2, floor + 13, said, 9.5, ink, "middle", weight))
    parts.append(line(26, y(mean), width - 10, y(mean), INK, 1, "4 3"))
    return picture(width, floor + 20, parts, "volts of the domains")
