"""The line report, and that of one lot: from the boards chosen to one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rig.qa.capability import Capability, capabilities
from rig.qa.findings import Found, find
from rig.qa.foot import foot
from rig.qa.line_runs import (
    grade_figures,
    interval,
    reason_figures,
    shape,
    share,
    time_figures,
    waiting,
    way_figures,
    yield_figures,
)
from rig.qa.line_values import capability_figures, control_figures, spread_figure
from rig.qa.numbers import Numbers, collect
from rig.qa.page import render
from rig.qa.select import Chosen, Firsts
from rig.qa.source import KeptRepair
from rig.qa.specs import Specs
from rig.qa.words import count, minutes, number, percent
from rig.qa.yields import (
    Share,
    yields,
)

FEW_BOARDS = 25


@dataclass(frozen=True)
class Line:
    """All that the page says; the box and the alarms are made of it, too."""

    chosen: Chosen
    firsts: Firsts
    specs: Specs
    numbers: Numbers
    capability: list[Capability]
    found: Found

    @classmethod
    def of(cls, chosen: Chosen, spec: str | None = None, *, threads: int | None = None) -> Line:
        """``spec``: the version of recipe and limits whose numbers are told; that with most boards without.

        Raises UsageError for one that no board has.
        """
        firsts = chosen.firsts()
        specs = Specs.of(chosen, spec)
        numbers = collect(chosen.lake, firsts, specs.used, threads=threads)
        capability = capabilities(numbers)
        chips, domains = shape(numbers)
        found = find(firsts, numbers, capability, chips, domains)
        return cls(chosen, firsts, specs, numbers, capability, found)


def line_page(line: Line, repairs: Sequence[KeptRepair], made: datetime) -> str:
    """The whole page."""
    chosen, firsts = line.chosen, line.firsts
    asked = chosen.asked
    shares = yields(chosen)
    figures = (
        [*yield_figures(line, shares), *reason_figures(line), *way_figures(line, repairs)]
        if len(firsts)
        else []
    )
    if len(firsts):
        figures += capability_figures(line.capability, line.numbers)
        figures += control_figures(line.numbers)
        figures += [
            *spread_figure(line.numbers),
            *grade_figures(chosen),
            *time_figures(chosen),
            waiting(chosen),
        ]
    what = f"Lot {asked.lot}" if asked.lot else f"{asked.product or 'No product'} line"
    return render(
        "line.html.j2",
        {
            "title": f"{what}, {period(chosen)}",
            "sub": _sub(line),
            "simulated": asked.simulated,
            "warnings": warnings(line),
            "found": line.found if len(firsts) else None,
            "tiles": _tiles(line, shares),
            "figures": figures,
            "foot": foot(made),
        },
    )


def period(chosen: Chosen) -> str:
    """The days that a report is about."""
    asked = chosen.asked
    first, last = chosen.one("SELECT min(started)::date, max(started)::date FROM within")
    since, until = asked.since or first, asked.until or last
    if since is None or until is None:
        return "no runs"
    return f"{since}" if since == until else f"{since} to {until}"


def _sub(line: Line) -> str:
    chosen, firsts = line.chosen, line.firsts
    left_out = chosen.one("SELECT count(*) FROM within WHERE purpose <> 'test' OR NOT counted")[0]
    runs = chosen.one("SELECT coalesce(sum(runs), 0) FROM units")[0]
    parts = [
        f"{len(firsts.station.names)} station{'s' * (len(firsts.station.names) != 1)}",
        f"{count(len(firsts))} boards, {count(int(runs))} runs of theirs",
        line.specs.says(),
        f"{count(int(left_out))} golden, gauge, engineering, aborted and station-fault runs are in no yield",
    ]
    asked = chosen.asked
    parts += [
        f"{name} {value} only"
        for name, value in (("station", asked.station), ("slot", asked.slot), ("lot", asked.lot))
        if value
    ]
    return " · ".join(parts)


def warnings(line: Line) -> list[str]:
    """What a reader must know before the figures."""
    chosen = line.chosen
    found = list(line.specs.warnings())
    boards = len(line.firsts)
    if not boards:
        found.append(
            "No board had its first run in this period, station and lot: there is nothing to tell. "
            "Runs of a simulated bench are shown with --simulated, and only then."
        )
    elif boards < FEW_BOARDS:
        found.append(
            f"Only {boards} board{'s' * (boards != 1)}: intervals are wide, capability is not defined "
            f"below {FEW_BOARDS} boards."
        )
    bad = sum(chosen.lake.unreadable.values())
    if bad:
        found.append(f"{bad} record{'s' * (bad != 1)} could not be read and left out.")
    old = chosen.rows("SELECT schema_version, count(*) FROM units GROUP BY 1 ORDER BY 1")
    lots = chosen.one("SELECT count(*) FROM units WHERE lot IS NULL")[0]
    if boards and lots:
        versions = ", ".join(str(version) for version, _ in old)
        found.append(
            f"{count(lots)} of {count(boards)} boards have no lot, FT version and bin in their records "
            f"(schema version {versions}): they are in all yields but those by lot."
        )
    return found


def _tiles(line: Line, shares: Sequence[Share]) -> list[tuple[str, str]]:
    if not len(line.firsts):
        return []
    chosen = line.chosen
    first, last = shares[0], next(one for one in shares if one.name == "last")
    mean, cycle = chosen.one("SELECT avg(joules_per_terahash), median(seconds) FILTER (passed) FROM units")
    stops, runs = chosen.one(
        "SELECT count(*) FILTER (verdict = 'STATION_FAULT'), count(*) FROM within WHERE purpose = 'test'"
    )
    failed = first.total - first.count
    nff = chosen.one("SELECT count(*) FROM units WHERE NOT passed AND last")[0]
    return [
        (share(first), f"first-pass yield{interval(first)}"),
        (share(last), f"after all runs{interval(last)}"),
        (f"{nff}/{failed}", "failed first, passed in the end"),
        (number(mean), "J/TH mean, first runs"),
        (minutes(cycle), "median run of a board that passes"),
        (percent(stops / runs if runs else 0.0, 2), "of runs ended by the station"),
    ]
