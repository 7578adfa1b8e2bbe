"""The page of a gauge study: every measurement of the whole board, worst gauge first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup

from rig.qa import charts_values
from rig.qa.foot import foot
from rig.qa.gauge import LEAST_TYPE_1, Crossed
from rig.qa.gauge_gather import Measured, percent
from rig.qa.gauge_plan import GaugePlan
from rig.qa.gauge_result import GaugeResult
from rig.qa.page import Figure, Table, render, rows_of
from rig.qa.stats import Bounds
from rig.qa.words import figure, limit, number, small, unit_sign

SHOWN = 4


def results_of(
    plan: GaugePlan, found: list[Measured], records: list[Mapping[str, Any]], made: datetime
) -> list[GaugeResult]:
    """For the station's report."""
    return [
        GaugeResult(
            study=plan.name,
            station=str(records[0]["station"]),
            simulated=bool(records[0]["simulated"]),
            made=made,
            measurement=one.told.name,
            grr_percent=percent(one.crossed),
            ndc=one.crossed.ndc,
            tolerance_percent=one.tolerance_percent,
            are_alike=one.crossed.are_alike,
        )
        for one in _ranked(found)
        if one.crossed is not None and one.crossed.tv > 0
    ]


def gauge_page(
    plan: GaugePlan, found: list[Measured], records: list[Mapping[str, Any]], made: datetime
) -> str:
    """The whole page."""
    record = records[0]
    versions = {tuple(sorted(((one.get("made_by") or {}).get("plan") or {}).items())) for one in records}
    warnings = (
        []
        if len(versions) == 1
        else [
            f"The trials were made with {len(versions)} versions of the plan's files: what differs "
            "between them is in the figures."
        ]
    )
    if plan.is_type_one and plan.trials < LEAST_TYPE_1:
        warnings.append(f"Only {plan.trials} trials: a type-1 study wants {LEAST_TYPE_1} or more.")
    what = "type-1 study" if plan.is_type_one else "crossed study (ANOVA)"
    return render(
        "line.html.j2",
        {
            "title": f"Gauge study {plan.name}",
            "sub": f"{what} · station {record['station']} · {len(plan.boards)} boards × {len(plan.slots)} "
            f"slots × {plan.trials} trials, in random order (seed {plan.seed})",
            "simulated": bool(record["simulated"]),
            "warnings": warnings,
            "found": None,
            "tiles": _tiles(plan, found),
            "figures": _type_one_figures(found) if plan.is_type_one else _crossed_figures(plan, found),
            "foot": foot(made),
        },
    )


def _ranked(found: list[Measured]) -> list[Measured]:
    """Worst first: bad before conditional before good, by the share that made it so."""

    def place(one: Measured) -> tuple[int, float]:
        rank = next((at for at, word in enumerate(("bad", "cond", "good")) if one.says.startswith(word)), 3)
        share = one.tolerance_percent if one.tolerance_percent is not None else percent(one.crossed)
        return rank, -(share or 0.0)

    return sorted(found, key=place)


def _tiles(plan: GaugePlan, found: list[Measured]) -> list[tuple[str, str]]:
    if plan.is_type_one:
        capable = [one.type_one.is_capable for one in found if one.type_one is not None]
        return [
            (str(sum(one is True for one in capable)), "measurements capable (Cg, Cgk 1.33 or more)"),
            (str(sum(one is False for one in capable)), "not capable"),
            (str(sum(one is None for one in capable)), "not defined"),
        ]
    said = [one.says for one in found]
    return [
        (str(sum(one == "good" for one in said)), "measurements with a good gauge: under 10 %"),
        (str(sum(one.startswith("conditional") for one in said)), "conditional: to 30 %, or few categories"),
        (str(sum(one == "bad" for one in said)), "bad: over 30 %"),
        (str(sum("alike" in one for one in said)), "not defined: no limit, and the boards are alike"),
        (str(sum("varied" in one for one in said)), "did not vary at all"),
    ]


def _crossed_figures(plan: GaugePlan, found: list[Measured]) -> list[Figure]:
    ranked = _ranked(found)
    varied = [one for one in ranked if one.crossed is not None and one.crossed.tv > 0]
    rows = [_crossed_row(one, one.crossed) for one in varied if one.crossed is not None]
    figures = [
        Figure(
            "Repeatability and reproducibility, worst first",
            rows_of(
                rows,
                "measurement",
                "limits",
                "EV",
                "AV",
                "INT",
                "GRR",
                "PV",
                "%GRR",
                "%tolerance",
                "ndc",
                "so it is",
                numeric=range(2, 10),
            ),
            "standard deviations: EV of repeats, AV of slots, INT of slot and board together, GRR all three, "
            "PV of boards. %tolerance: 6 GRR of the room between two limits, 3 GRR of that from the mean to "
            "one; it judges where there is a limit, else %GRR of the total variation with ndc 5 or more. "
            "Under 10 % good, over 30 % bad. Interaction pooled where p > 0.25.",
            "grr",
            _data(found, plan),
        )
    ]
    for one in varied[:SHOWN]:
        if one.crossed is not None:
            figures.append(
                Figure(
                    f"{one.told.name}: boards by slot",
                    charts_values.interaction(
                        one.values.mean(axis=2), plan.boards, plan.slots, one.told.unit
                    ),
                    f"means of {plan.trials} trials; lines that cross are interaction",
                    wide=False,
                )
            )
            figures.append(_variance(one.told.name, one.crossed))
    return figures


def _variance(name: str, found: Crossed) -> Figure:
    """The table of the analysis of variance."""
    rows = [
        (
            line.source, line.degrees, small(line.squares), small(line.mean), number(line.f),
            "–" if line.p is None else f"{line.p:.3g}",
        )
        for line in found.table
    ]
    return Figure(
        f"{name}: analysis of variance",
        rows_of(rows, "source", "df", "SS", "MS", "F", "p", numeric=range(1, 6)),
        "",
        f"anova-{name}",
        wide=False,
    )


def _crossed_row(one: Measured, got: Crossed) -> tuple[object, ...]:
    says, unit = one.says, one.told.unit
    colour = "red" if says == "bad" else "amber" if says.startswith("cond") else ""
    return (
        one.told.name,
        f"{limit(one.told.limit)} {unit_sign(unit)}" if one.told.limit else "–",
        *(small(value, unit) for value in (got.ev, got.av, got.interaction, got.grr, got.pv)),
        number(percent(got), 3),
        number(one.tolerance_percent, 3),
        "–" if got.ndc is None else got.ndc,
        Markup('<span class="{}">{}</span>').format(colour, says),
    )


def _type_one_figures(found: list[Measured]) -> list[Figure]:
    rows = []
    for one in found:
        got = one.type_one
        if got is not None and got.sigma > 0:
            unit = one.told.unit
            capable = {True: "capable", False: "not capable", None: "not defined"}[got.is_capable]
            rows.append(
                (
                    one.told.name,
                    limit(one.told.limit),
                    figure(got.mean, unit),
                    figure(got.sigma, unit),
                    figure(got.reference, unit),
                    figure(got.bias, unit),
                    "–" if got.p is None else f"{got.p:.3g}",
                    number(got.cg, 3),
                    number(got.cgk, 3),
                    capable,
                    Markup('<div class="hist">{}</div>').format(
                        charts_values.histogram(one.values[0, 0], Bounds.read(one.told.limit))
                    ),
                )
            )
    table = rows_of(
        rows,
        "measurement",
        "limits",
        "mean",
        "sigma",
        "reference",
        "bias",
        "p of bias",
        "Cg",
        "Cgk",
        "so it is",
        "runs",
        numeric=range(2, 9),
    )
    return [
        Figure(
            "Type-1 study",
            table if rows else Markup("<p>Nothing varied between the runs.</p>"),
            "Cg = 0.2 · tolerance / 6 sigma; Cgk takes the bias off; both need limits on two sides, "
            "Cgk a reference",
            "type-1",
            table,
        )
    ]


def _data(found: list[Measured], plan: GaugePlan) -> Table:
    return rows_of(
        [
            (one.told.name, board, slot, trial + 1, float(one.values[at, place, trial]))
            for one in found
            for at, board in enumerate(plan.boards)
            for place, slot in enumerate(plan.slots)
            for trial in range(plan.trials)
        ],
        "measurement",
        "board",
        "slot",
        "trial",
        "value",
    )
