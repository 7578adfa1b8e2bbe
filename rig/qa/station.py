"""The station report: golden boards, slots against each other, contacts, stops, calibration, gauge studies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import numpy as np
from markupsafe import Markup

from rig.qa import charts, value_tests
from rig.qa.findings import Finding, Found
from rig.qa.foot import foot
from rig.qa.gauge_result import GaugeResult
from rig.qa.golden import MOST_Z, Golden, golden
from rig.qa.group_tests import Kind
from rig.qa.line import Line, period, warnings
from rig.qa.line_runs import points_table, share
from rig.qa.page import Figure, render, rows_of
from rig.qa.source import Wear
from rig.qa.words import count, figure, minutes, number, percent
from rig.qa.yields import Share, by, day_of

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


def station_page(line: Line, wear: Sequence[Wear], studies: Sequence[GaugeResult], made: datetime) -> str:
    """``line``: chosen for one station; ``studies``: gauge studies made on it."""
    chosen, station = line.chosen, line.chosen.asked.station or ""
    checks = golden(chosen)
    instruments = calibration(line, made.date())
    fixtures = {row[0] for row in chosen.rows("SELECT DISTINCT fixture FROM within")}
    figures = [
        *_golden_figures(checks), *_slot_figures(line), *_contact_figures(line),
        *_wear_figures([one for one in wear if one.fixture in fixtures]), *_stop_figures(line),
        _calibration_figure(instruments), *_study_figures(studies),
    ]
    return render("line.html.j2", {
        "title": f"Station {station}, {period(chosen)}",
        "sub": f"{count(len(line.firsts))} boards had their first run here · {line.specs.says()} · "
               f"{count(checks.runs)} golden runs",
        "simulated": chosen.asked.simulated, "warnings": warnings(line),
        "found": _found(line, checks, instruments), "tiles": _tiles(line, checks), "figures": figures,
        "foot": foot(made),
    })


def _found(line: Line, checks: Golden, instruments: Sequence[Instrument]) -> Found:
    """What stands out on this station: its slots, its golden boards, its calibrations."""
    own = [one for one in line.found.findings if one.subject[0] in (Kind.SLOT, Kind.STATION)]
    for track in checks.out:
        own.append(Finding(
            track.slot, "The slot is not to be used before a person has looked: contacts, cable, calibration.",
            track.p, [f"its last golden run has {track.element.label} {track.z:+.1f} sigma from its own history "
                      f"({figure(track.values[-1], track.element.told.unit)})"],
        ))
    for one in instruments:
        if one.overdue:
            own.append(Finding(f"{one.slot} {one.role}", "Have it calibrated.", 0.0,
                               [f"its calibration ended on {one.due} ({one.identity})"]))
    return Found(tuple(own), line.found.looked + len(checks.tracks) + len(instruments), line.found.most_p)


def _tiles(line: Line, checks: Golden) -> list[tuple[str, str]]:
    chosen = line.chosen
    passed, counted, stops, runs, seconds = chosen.one(
        "SELECT count(*) FILTER (passed AND counted), count(*) FILTER (counted), "
        "count(*) FILTER (verdict = 'STATION_FAULT'), count(*), median(seconds) FILTER (passed) "
        "FROM within WHERE purpose = 'test'"
    )
    last = max((day for one in checks.tracks for day in one.days), default=None)
    return [
        (share(Share("", "", passed, counted)), "of all runs here passed"),
        (percent(stops / runs if runs else 0.0, 2), "of runs ended by the station"),
        (count(runs), "runs of boards"), (minutes(seconds), "median run that passes"),
        ("–" if last is None else str(day_of(last))[5:], "last golden run"),
        (str(len(checks.out)), "golden measurements out"),
    ]


def _golden_figures(checks: Golden) -> list[Figure]:
    if not checks.runs:
        return [Figure("Golden boards", Markup("<p>No golden run in this period: nothing says that the station "
                                               "measures as it did. rig run --purpose golden makes one.</p>"))]
    ranked = sorted(checks.tracks, key=lambda one: -abs(one.z) if one.z == one.z else 0.0)
    cells = []
    for one in ranked[:MOST_CHARTS]:
        mean, sigma = float(np.mean(one.values[:-1] or one.values)), float(np.std(one.values[:-1] or [0.0], ddof=0))
        limits = (mean, mean - MOST_Z * sigma, mean + MOST_Z * sigma)
        hits = {at: "beyond 3 sigma of its history" for at, value in enumerate(one.values)
                if sigma and abs(value - mean) > MOST_Z * sigma}
        names = [day_of(day).isoformat()[5:] for day in one.days]
        said = f"last {one.z:+.1f} sigma" if one.z == one.z else "too few runs to judge"
        cells.append(Markup('<div><h3>{} · {}</h3>{}<p class="note">{}</p></div>').format(
            one.slot, one.element.label, charts.control(names, one.values, limits, hits, one.element.told.unit), said))
    body = Markup('<div class="grid" style="margin-top:0">{}</div>').format(Markup("").join(cells))
    return [Figure(
        "Golden boards over time, farthest out first", body,
        f"{len(checks.tracks)} slots × measurements are held against their own history. Band: three sigmas.", "golden",
        rows_of([(one.slot, one.element.label, day_of(day), value) for one in checks.tracks
                 for day, value in zip(one.days, one.values, strict=True)], "slot", "measurement", "day", "value"))]


def _slot_figures(line: Line) -> list[Figure]:
    firsts = line.firsts
    if not len(firsts):
        return []
    points = by(firsts, firsts.slot)
    red = {one.name for one in line.found.findings}
    figures = [Figure("Slots: first-pass yield", charts.dots(points, red, 570), "bar: 95 % Wilson interval",
                      "slots", points_table(points, "slot"), wide=False)]
    rows = []
    for shift in value_tests.of_slots(line.numbers).that_matter[:10]:
        element = line.numbers.elements[shift.element]
        unit = element.told.unit
        rows.append((firsts.slot.names[shift.number], element.label, figure(shift.after, unit),
                     figure(shift.before, unit), f"{shift.sigmas:+.2f}".replace("-", "−")))
    body = rows_of(rows, "slot", "measurement", "mean here", "mean of the others", "sigmas", numeric=(2, 3, 4))
    figures.append(Figure("Slots: bias of half a sigma or more", body if rows else Markup(
        "<p>No slot differs by half a sigma of the boards in any measurement.</p>"),
        "same days and lots, boards that passed", "slot-bias", body, wide=False))
    return figures


def _contact_figures(line: Line) -> list[Figure]:
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
            cells.append(Markup("<div><h3>{}</h3>{}</div>").format(
                name, charts.trend(names, values.tolist(), "ohm", numbers.elements[at].told.limit)))
    if not cells:
        return []
    body = Markup('<div class="grid" style="margin-top:0">{}</div>').format(Markup("").join(cells))
    return [Figure("Contact resistance, daily mean of each slot", body, "red: the limit", "contacts",
                   rows_of(rows, "slot", "day", "ohms"))]


def _wear_figures(wear: Sequence[Wear]) -> list[Figure]:
    if not wear:
        return []
    rows = [(one.fixture, one.slot, count(one.cycles),
             figure(one.contacts[-1][1], "ohm") if one.contacts else "–") for one in wear]
    return [Figure("Contact cycles", rows_of(rows, "fixture", "slot", "boards put in", "last measured",
                                             numeric=(2, 3)), "", "cycles", wide=False)]


def _stop_figures(line: Line) -> list[Figure]:
    rows = line.chosen.rows(
        "SELECT coalesce(code, 'no code'), count(*), sum(seconds), max(started) FROM within "
        "WHERE purpose = 'test' AND verdict IN ('STATION_FAULT', 'ABORTED') GROUP BY 1 ORDER BY 3 DESC"
    )
    if not rows:
        return [Figure("Stops by code", Markup("<p>No run was ended by the station or a person.</p>"), wide=False)]
    table = rows_of([(code, count(many), minutes(seconds), f"{last:%Y-%m-%d %H:%M}") for code, many, seconds, last in rows],
                    "code", "runs", "time lost in runs", "last", numeric=(1, 2))
    return [Figure("Stops by code", table, "runs that no board is blamed for", "stops", wide=False)]


def calibration(line: Line, today: date) -> list[Instrument]:
    """Instruments as each slot's last run names them."""
    rows = line.chosen.rows(
        "SELECT slot, arg_max(instruments, started) FROM runs WHERE station = ? AND simulated = ? GROUP BY 1 ORDER BY 1",
        [line.chosen.asked.station, line.chosen.asked.simulated],
    )
    found = []
    for slot, text in rows:
        told: list[dict[str, Any]] = json.loads(text or "[]")
        for one in told:
            due = one.get("calibration_due") or ""
            overdue = bool(one.get("calibration_overdue")) or bool(due and due < today.isoformat())
            found.append(Instrument(slot, one.get("role", ""), one.get("identity", ""), one.get("certificate") or "–",
                                    due, overdue))
    return found


def _calibration_figure(instruments: Sequence[Instrument]) -> Figure:
    if not instruments:
        return Figure("Calibration", Markup("<p>The records name no instruments.</p>"), wide=False)
    rows = [(one.slot, one.role, one.identity, one.certificate,
             Markup('<span class="{}">{}</span>').format("red" if one.overdue else "", one.due or "not told"))
            for one in instruments]
    return Figure("Calibration", rows_of(rows, "slot", "instrument", "identity", "certificate", "due"),
                  "of each slot's last run; red: overdue", "calibration")


def _study_figures(studies: Sequence[GaugeResult]) -> list[Figure]:
    if not studies:
        return [Figure("Gauge studies", Markup("<p>None was made here: rig gauge plan begins one.</p>"), wide=False)]
    rows = [(one.study, str(one.made)[:10], one.measurement, f"{number(one.grr_percent, 3)} %", str(one.ndc), one.says())
            for one in studies]
    return [Figure("Gauge studies", rows_of(rows, "study", "made", "measurement", "%GRR", "ndc", "so it is",
                                            numeric=(3, 4)), "under 10 % good, over 30 % bad; ndc 5 or more",
                   "gauge-studies", wide=False)]
