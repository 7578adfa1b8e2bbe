"""The station report: golden boards, slots, contacts, stops, calibration, gauge studies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rig.qa.findings import Finding, Found
from rig.qa.foot import foot
from rig.qa.gauge_result import GaugeResult
from rig.qa.golden import Golden, golden
from rig.qa.group_tests import Kind
from rig.qa.line import Line, period, warnings
from rig.qa.line_runs import share
from rig.qa.page import render
from rig.qa.source import Wear
from rig.qa.station_parts import (
    Instrument,
    calibration,
    calibration_figure,
    contact_figures,
    golden_figures,
    slot_figures,
    stop_figures,
    study_figures,
    wear_figures,
)
from rig.qa.words import count, figure, minutes, percent, signed
from rig.qa.yields import Share, day_of


def station_page(line: Line, wear: Sequence[Wear], studies: Sequence[GaugeResult], made: datetime) -> str:
    """``line``: chosen for one station; ``studies``: gauge studies made on it."""
    chosen, station = line.chosen, line.chosen.asked.station or ""
    checks = golden(chosen)
    instruments = calibration(line, made.date())
    fixtures = {row[0] for row in chosen.rows("SELECT DISTINCT fixture FROM within")}
    figures = [
        *golden_figures(checks),
        *slot_figures(line),
        *contact_figures(line),
        *wear_figures([one for one in wear if one.fixture in fixtures]),
        *stop_figures(line),
        calibration_figure(instruments),
        *study_figures(studies),
    ]
    return render(
        "line.html.j2",
        {
            "title": f"Station {station}, {period(chosen)}",
            "sub": f"{count(len(line.firsts))} boards had their first run here · {line.specs.says()} · "
            f"{count(checks.runs)} golden runs",
            "simulated": chosen.asked.simulated,
            "warnings": warnings(line),
            "found": _found(line, checks, instruments),
            "tiles": _tiles(line, checks),
            "figures": figures,
            "foot": foot(made),
        },
    )


def _found(line: Line, checks: Golden, instruments: Sequence[Instrument]) -> Found:
    """What stands out on this station: its slots, its golden boards, its calibrations."""
    own = [one for one in line.found.findings if one.subject[0] in (Kind.SLOT, Kind.STATION)]
    for track in checks.out:
        own.append(
            Finding(
                track.slot,
                "The slot is not to be used before a person has looked: contacts, cable, calibration.",
                track.p,
                [
                    f"its last golden run has {track.element.label} {signed(track.z)} sigma from its own "
                    f"history ({figure(track.values[-1], track.element.told.unit)})"
                ],
            )
        )
    for one in instruments:
        if one.overdue:
            own.append(
                Finding(
                    f"{one.slot} {one.role}",
                    "Have it calibrated.",
                    0.0,
                    [f"its calibration ended on {one.due} ({one.identity})"],
                )
            )
    return Found(tuple(own), line.found.looked + len(checks.tracks) + len(instruments))


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
        (count(runs), "runs of boards"),
        (minutes(seconds), "median run that passes"),
        ("–" if last is None else str(day_of(last))[5:], "last golden run"),
        (str(len(checks.out)), "golden measurements out"),
    ]
