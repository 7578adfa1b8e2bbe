"""The line report's parts that come from measured numbers: capability, distributions, control charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from markupsafe import Markup

from rig.qa import charts_control, charts_values, value_tests
from rig.qa.capability import Capability, spreads
from rig.qa.numbers import Numbers
from rig.qa.page import Figure, rows_of
from rig.qa.stats import Floats, benjamini_hochberg
from rig.qa.words import count, figure, limit, signed, unit_sign
from rig.qa.yields import day_of
from rig.verdict.control import Individuals, individuals, nelson, western_electric

WORST = 12
MOST_CHARTS = 6
LOW, FAIR = 1.0, 1.33
LEAST_POINTS = 8
RATE = 0.01


def capability_figures(found: list[Capability], numbers: Numbers) -> list[Figure]:
    """The worst with their distributions, then all as data."""
    rows = {id(one): at for at, one in enumerate(found)}
    defined = sorted((one for one in found if one.ppk is not None), key=lambda one: one.ppk or 0.0)
    figures = []
    if defined:
        worst = _worst_of_each(defined)[:WORST]
        body = [
            (
                _kept(one.element.label),
                one.element.told.says,
                _kept(_of(one)),
                _mean(one),
                Markup('<div class="hist">{}</div>').format(
                    charts_values.histogram(numbers.sample.of(rows[id(one)]), one.bounds)
                ),
                _index(one.cpk),
                _coloured(one.ppk),
                f"{_index(one.low)}–{_index(one.high)}",
                Markup('<span class="keep">percentiles</span>') if one.by_percentiles else "",
            )
            for one in worst
        ]
        undefined = _undefined(found)
        figures.append(
            Figure(
                "Capability, worst first",
                rows_of(
                    body,
                    "measurement",
                    "",
                    "limits",
                    "mean",
                    "distribution and limits",
                    "Cpk",
                    "Ppk",
                    "95 %",
                    "by",
                    numeric=(3, 5, 6, 7),
                ),
                f"the worst element of each of {min(WORST, len(worst))} measurements; "
                f"all {len(found)} are in the CSV. "
                f"Cpk: within a slot's day, Ppk: overall. Not defined: {undefined}.",
                "capability",
                rows_of([_row(one) for one in found], *_HEADER),
            )
        )
    elif found:
        figures.append(
            Figure(
                "Capability",
                Markup("<p>Not defined for any measurement: {}.</p>").format(_undefined(found)),
                file="capability",
                data=rows_of([_row(one) for one in found], *_HEADER),
            )
        )
    return figures


_HEADER = (
    "measurement",
    "element",
    "unit",
    "limit",
    "boards",
    "mean",
    "sigma",
    "sigma within",
    "Cp",
    "Cpk",
    "Pp",
    "Ppk",
    "Ppk low",
    "Ppk high",
    "by percentiles",
    "not defined because",
)


def _row(one: Capability) -> tuple[object, ...]:
    told = one.element.told
    return (
        told.name,
        one.element.index,
        told.unit,
        told.limit,
        one.n,
        one.mean,
        one.sigma,
        one.within,
        one.cp,
        one.cpk,
        one.pp,
        one.ppk,
        one.low,
        one.high,
        one.by_percentiles,
        one.why,
    )


def _worst_of_each(defined: list[Capability]) -> list[Capability]:
    seen: dict[tuple[str, str | None], Capability] = {}
    for one in defined:
        seen.setdefault((one.element.told.name, one.element.told.limit), one)
    return list(seen.values())


def _undefined(found: list[Capability]) -> str:
    reasons: dict[str, int] = {}
    for one in found:
        if one.why:
            reasons[one.why] = reasons.get(one.why, 0) + 1
    return (
        ", ".join(f"{why} ({many})" for why, many in sorted(reasons.items(), key=lambda item: -item[1]))
        or "none"
    )


def _kept(text: str) -> Markup:
    """On one line."""
    return Markup('<span class="keep">{}</span>').format(text)


def _of(one: Capability) -> str:
    sign = unit_sign(one.element.told.unit)
    return f"{limit(one.element.told.limit)}{' ' + sign if sign else ''}"


def _mean(one: Capability) -> str:
    return figure(one.mean, one.element.told.unit)


def _index(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".replace("-", "−")


def _coloured(value: float | None) -> Markup:
    kind = "" if value is None else "red" if value < LOW else "amber" if value < FAIR else "strong"
    return Markup('<span class="{}">{}</span>').format(kind, _index(value))


def control_figures(numbers: Numbers) -> list[Figure]:
    """Daily means of the elements that moved most, with their rule hits; ranked by the drift's p."""
    none = np.zeros(len(numbers.day), bool)
    moved = {one.element: one for one in value_tests.steps(numbers, none).that_matter}
    days, _, mean = value_tests.daily(numbers.only(numbers.place >= 0))
    if len(days) < LEAST_POINTS:
        return [
            Figure(
                "Control charts",
                Markup("<p>{} days are too few for control charts: {} are wanted.</p>").format(
                    len(days), LEAST_POINTS
                ),
            )
        ]
    unrest = _unrest(mean)
    order = sorted(range(mean.shape[1]), key=lambda at: (moved[at].p if at in moved else 2.0, -unrest[at]))
    survive = benjamini_hochberg(np.array([one.p for one in moved.values()]), RATE)
    names = [day_of(int(day)).isoformat()[5:] for day in days]
    cells, rows = [], []
    for at in order[:MOST_CHARTS]:
        values = mean[:, at]
        there = np.isfinite(values)
        element = numbers.elements[at]
        shown = values[there].tolist()
        found = individuals(shown) if len(shown) > 1 else None
        if found is None or not found.sigma > 0:
            continue
        hits = _hits(shown, found)
        kept = [name for name, is_there in zip(names, there, strict=True) if is_there]
        ranges = ["", *(abs(after - before) for before, after in pairwise(shown))]
        rows += [
            (element.label, name, value, moved_by, hits.get(place, ""))
            for place, (name, value, moved_by) in enumerate(zip(kept, shown, ranges, strict=True))
        ]
        note = f"{len(hits)} points with a rule hit" + (
            f"; moved on {day_of(moved[at].number)} by {signed(moved[at].sigmas)} sigma of the boards"
            if at in moved
            else ""
        )
        drawn = _i_mr(kept, shown, found, hits, element.told.unit)
        cells.append(
            Markup('<div><h3>{}</h3>{}<p class="note">{}</p></div>').format(element.label, drawn, note)
        )
    if not cells:
        return []
    body = Markup('<div class="grid" style="margin-top:0">{}</div>').format(Markup("").join(cells))
    return [
        Figure(
            "Control charts of daily means, most moved first",
            body,
            f"{count(int(survive.sum()))} of {count(len(numbers.elements))} series moved by half a sigma of "
            "the boards or more at a false discovery rate of 1 %. Limits: 2.66 mean moving ranges; red: a "
            "hit of Western Electric or Nelson rules. Below: moving ranges, limit 3.267 of their mean. "
            "A rule hit alone is no finding: with so many series some are always hit.",
            "control",
            rows_of(rows, "series", "day", "mean", "moving range", "rule"),
        )
    ]


def _i_mr(
    names: Sequence[str], values: Sequence[float], found: Individuals, hits: Mapping[int, str], unit: str
) -> Markup:
    """Single values, and beneath them their moving ranges."""
    limits = found.mean, found.low, found.high
    return charts_control.control(names, values, limits, hits, unit) + charts_control.moving(
        names, values, found.moving_range, found.moving_range_high, unit
    )


def _unrest(mean: Floats) -> Floats:
    """Spread of each series of daily means in its moving ranges; 0 where there is none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ranges = np.nanmean(np.abs(np.diff(mean, axis=0)), axis=0)
        unrest = np.nanstd(mean, axis=0) / np.where(ranges > 0, ranges, np.nan)
    return np.where(np.isfinite(unrest), unrest, 0.0)


def _hits(values: list[float], chart: Individuals) -> dict[int, str]:
    """The first rule each point completes."""
    hits: dict[int, str] = {}
    for hit in (
        *western_electric(values, chart.mean, chart.sigma),
        *nelson(values, chart.mean, chart.sigma),
    ):
        hits.setdefault(hit.at, hit.rule.value)
    return hits


def spread_figure(numbers: Numbers) -> list[Figure]:
    """Chips, domains and sensors are no samples: within a board and between boards apart."""
    found = spreads(numbers)
    if not found:
        return []
    return [
        Figure(
            "Within boards and between boards",
            rows_of(
                [
                    (
                        one.name,
                        one.size,
                        figure(one.within_board, one.unit),
                        figure(one.between_boards, one.unit),
                    )
                    for one in found
                ],
                "measurement",
                "elements",
                "sigma within a board",
                "sigma of boards' means",
                numeric=(1, 2, 3),
            ),
            "elements of one board are no independent samples",
            "spread",
            wide=False,
        )
    ]
