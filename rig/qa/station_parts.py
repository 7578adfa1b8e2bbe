"""The station report's parts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from markupsafe import Markup

from rig.qa import charts, charts_control, charts_values, value_tests
from rig.qa.gauge_result import GaugeResult
from rig.qa.golden import MOST_Z, Golden
from rig.qa.line import Line
from rig.qa.line_runs import points_table
from rig.qa.page import Figure, rows_of
from rig.qa.source import Wear
from rig.qa.words import count, figure, minutes, number, signed
from rig.qa.yields import by, day_of

CONTACT: Final = "contact_ohms"
MOST_CHARTS: Final = 6
SOON_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Instrument:
    slot: str
    role: str
    identity: str
    certificate: str
    due: str
    overdue: bool


def golden_figures(checks: Golden) -> list[Figure]:
    """The tracks that stand farthest out."""
    if not checks.runs:
        return [
            Figure(
                "Golden boards",
                Markup(
                    "<p>No golden run in this period: nothing says that the station "
                    "measures as it did. rig run --purpose golden makes one.</p>"
                ),
            )
        ]
    ranked = sorted(checks.tracks, key=lambda one: -abs(one.z) if one.z == one.z else 0.0)
    cells = []
    for one in ranked[:MOST_CHARTS]:
        mean, sigma = (
            float(np.mean(one.values[:-1] or one.values)),
            float(np.std(one.values[:-1] or [0.0], ddof=0)),
        )
        limits = (mean, mean - MOST_Z * sigma, mean + MOST_Z * sigma)
        hits = {
            at: "beyond 3 sigma of its history"
            for at, value in enumerate(one.values)
            if sigma and abs(value - mean) > MOST_Z * sigma
        }
        names = [day_of(day).isoformat()[5:] for day in one.days]
        said = f"last {signed(one.z)} sigma" if one.z == one.z else "too few runs to judge"
        cells.append(
            Markup('<div><h3>{} · {}</h3>{}<p class="note">{}</p></div>').format(
                one.slot,
                one.element.label,
                charts_control.control(names, one.values, limits, hits, one.element.told.unit),
                said,
            )
        )
    body = Markup('<div class="grid" style="margin-top:0">{}</div>').format(Markup("").join(cells))
    return [
        Figure(
            "Golden boards over time, farthest out first",
            body,
            f"{len(checks.tracks)} slots × measurements are held against their own history. "
            "Band: three sigmas.",
            "golden",
            rows_of(
                [
                    (one.slot, one.element.label, day_of(day), value)
                    for one in checks.tracks
                    for day, value in zip(one.days, one.values, strict=True)
                ],
                "slot",
                "measurement",
                "day",
                "value",
            ),
        )
    ]


def slot_figures(line: Line) -> list[Figure]:
    """Yield and bias, slot against slot."""
    firsts = line.firsts
    if not len(firsts):
        return []
    points = by(firsts, firsts.slot)
    red = {one.name for one in line.found.findings}
    figures = [
        Figure(
            "Slots: first-pass yield",
            charts.dots(points, red, 570),
            "bar: 95 % Wilson interval",
            "slots",
            points_table(points, "slot"),
            wide=False,
        )
    ]
    rows = []
    for shift in value_tests.of_slots(line.numbers).that_matter[:10]:
        element = line.numbers.elements[shift.element]
        unit = element.told.unit
        rows.append(
            (
                firsts.slot.names[shift.number],
                element.label,
                figure(shift.after, unit),
                figure(shift.before, unit),
                signed(shift.sigmas, 2),
            )
        )
    body = rows_of(
        rows, "slot", "measurement", "mean here", "mean of the others", "sigmas", numeric=(2, 3, 4)
    )
    figures.append(
        Figure(
            "Slots: bias of half a sigma or more",
            body
            if rows
            else Markup("<p>No slot differs by half a sigma of the boards in any measurement.</p>"),
            "same days and lots, boards that passed",
            "slot-bias",
            body,
            wide=False,
        )
    )
    return figures


def contact_figures(line: Line) -> list[Figure]:
    """The trend of each slot."""
    numbers, firsts = line.numbers, line.firsts
    at = next((at for at, one in enumerate(numbers.elements) if one.told.name == CONTACT), None)
    if at is None:
        return []
    cells, rows = [], []
    for slot, name in enumerate(firsts.slot.names):
        mine = numbers.only(numbers.place == slot)
        days, _, mean = value_tests.daily(mine)
        values = mean[:, at][np.isfinite(mean[:, at])]
        names = [day_of(int(day)).isoformat()[5:] for day in days[np.isfinite(mean[:, at])]]
        if len(values) > 1:
            rows += [(name, day, value) for day, value in zip(names, values.tolist(), strict=True)]
            cells.append(
                Markup("<div><h3>{}</h3>{}</div>").format(
                    name, charts_values.trend(names, values.tolist(), "ohm", numbers.elements[at].told.limit)
                )
            )
    if not cells:
        return []
    body = Markup('<div class="grid" style="margin-top:0">{}</div>').format(Markup("").join(cells))
    return [
        Figure(
            "Contact resistance, daily mean of each slot",
            body,
            "red: the limit",
            "contacts",
            rows_of(rows, "slot", "day", "ohms"),
        )
    ]


def wear_figures(wear: Sequence[Wear]) -> list[Figure]:
    """Boards put into each slot."""
    if not wear:
        return []
    rows = [
        (
            one.fixture,
            one.slot,
            count(one.cycles),
            figure(one.contacts[-1][1], "ohm") if one.contacts else "–",
        )
        for one in wear
    ]
    return [
        Figure(
            "Contact cycles",
            rows_of(rows, "fixture", "slot", "boards put in", "last measured", numeric=(2, 3)),
            "",
            "cycles",
            wide=False,
        )
    ]


def stop_figures(line: Line) -> list[Figure]:
    """What stopped runs, by time lost."""
    rows = line.chosen.rows(
        "SELECT coalesce(code, 'no code'), count(*), sum(seconds), max(started) FROM within "
        "WHERE purpose = 'test' AND verdict IN ('STATION_FAULT', 'ABORTED') GROUP BY 1 ORDER BY 3 DESC"
    )
    if not rows:
        return [
            Figure("Stops by code", Markup("<p>No run was ended by the station or a person.</p>"), wide=False)
        ]
    table = rows_of(
        [
            (code, count(many), minutes(seconds), f"{last:%Y-%m-%d %H:%M}")
            for code, many, seconds, last in rows
        ],
        "code",
        "runs",
        "time lost in runs",
        "last",
        numeric=(1, 2),
    )
    return [Figure("Stops by code", table, "runs that no board is blamed for", "stops", wide=False)]


def calibration(line: Line, today: date) -> list[Instrument]:
    """Instruments as each slot's last run names them."""
    rows = line.chosen.rows(
        "SELECT slot, arg_max(instruments, started) FROM runs WHERE station = ? AND simulated = ? "
        "GROUP BY 1 ORDER BY 1",
        [line.chosen.asked.station, line.chosen.asked.simulated],
    )
    found = []
    for slot, text in rows:
        told: list[dict[str, Any]] = json.loads(text or "[]")
        for one in told:
            due = one.get("calibration_due") or ""
            overdue = bool(one.get("calibration_overdue")) or bool(due and due < today.isoformat())
            found.append(
                Instrument(
                    slot,
                    one.get("role", ""),
                    one.get("identity", ""),
                    one.get("certificate") or "–",
                    due,
                    overdue,
                )
            )
    return found


def calibration_figure(instruments: Sequence[Instrument]) -> Figure:
    """When it ends, instrument by instrument."""
    if not instruments:
        return Figure("Calibration", Markup("<p>The records name no instruments.</p>"), wide=False)
    rows = [
        (
            one.slot,
            one.role,
            one.identity,
            one.certificate,
            Markup('<span class="{}">{}</span>').format("red" if one.overdue else "", one.due or "not told"),
        )
        for one in instruments
    ]
    return Figure(
        "Calibration",
        rows_of(rows, "slot", "instrument", "identity", "certificate", "due"),
        "of each slot's last run; red: overdue",
        "calibration",
    )


def study_figures(studies: Sequence[GaugeResult]) -> list[Figure]:
    """Gauge studies made on the station."""
    if not studies:
        return [
            Figure(
                "Gauge studies", Markup("<p>None was made here: rig gauge plan begins one.</p>"), wide=False
            )
        ]
    rows = [
        (
            one.study,
            str(one.made)[:10],
            one.measurement,
            number(one.grr_percent, 3),
            number(one.tolerance_percent, 3),
            "–" if one.ndc is None else str(one.ndc),
            one.says(),
        )
        for one in studies
    ]
    return [
        Figure(
            "Gauge studies",
            rows_of(rows, "study", "made", "measurement", "%GRR", "%tolerance", "ndc", "so it is",
                    numeric=(3, 4, 5)),
            "by %tolerance where there is a limit, else by %GRR and ndc of 5; under 10 % good, over 30 % bad",
            "gauge-studies",
            wide=False,
        )
    ]
