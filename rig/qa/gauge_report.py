"""The page of a gauge study: every measurement of the whole board, worst gauge first."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from markupsafe import Markup

from rig.errors import UsageError
from rig.qa import charts_values
from rig.qa.foot import foot
from rig.qa.gauge import BAD_PERCENT, GOOD_PERCENT, LEAST_TYPE_1, Crossed, TypeOne, crossed, type_one
from rig.qa.gauge_plan import GaugePlan, Step, missing
from rig.qa.gauge_result import GaugeResult, judged
from rig.qa.page import Figure, Table, render, rows_of
from rig.qa.rows import Told
from rig.qa.source import KeptRun
from rig.qa.stats import Bounds, Floats
from rig.qa.words import figure, limit, number, unit_sign

SHOWN = 4


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement of the study: ``values`` boards × slots × trials, and what it comes to."""

    told: Told
    values: Floats
    crossed: Crossed | None
    type_one: TypeOne | None


def gather(
    plan: GaugePlan, done: Mapping[Step, str], run: Callable[[str], KeptRun | None]
) -> tuple[list[Measured], list[Mapping[str, Any]]]:
    """All measurements of one number that every trial has. Raises UsageError when trials are missing."""
    lacking = missing(plan, done)
    if lacking:
        raise UsageError(
            f"gauge study {plan.name}: {lacking}; expected all, go on with rig gauge run {plan.name}"
        )
    records: dict[Step, Mapping[str, Any]] = {}
    for step in plan.steps:
        kept = run(done[step])
        if kept is None:
            raise UsageError(
                f"gauge study {plan.name}: found no run {done[step]} in the store, expected it there"
            )
        records[step] = kept.record
    by_step = {
        step: {one["name"]: one for one in record.get("measurements") or () if len(one["values"]) == 1}
        for step, record in records.items()
    }
    first = by_step[plan.steps[0]]
    found = []
    for name, one in first.items():
        values = np.full((len(plan.boards), len(plan.slots), plan.trials), math.nan)
        for step, taken in by_step.items():
            value = taken[name]["values"][0] if name in taken else None
            where = plan.boards.index(step.board), plan.slots.index(step.slot), step.trial - 1
            values[where] = math.nan if value is None else value
        if np.isfinite(values).all():
            found.append(_measured(plan, Told.of(one), values))
    return found, list(records.values())


def _measured(plan: GaugePlan, told: Told, values: Floats) -> Measured:
    if plan.is_type_one:
        return Measured(
            told,
            values,
            None,
            type_one(values[0, 0], Bounds.read(told.limit), plan.references.get(told.name)),
        )
    return Measured(told, values, crossed(values), None)


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
            grr_percent=_percent(one.crossed),
            ndc=one.crossed.ndc,
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


def _percent(one: Crossed | None) -> float | None:
    return None if one is None or not math.isfinite(one.grr_percent) else one.grr_percent


def _ranked(found: list[Measured]) -> list[Measured]:
    return sorted(found, key=lambda one: -(_percent(one.crossed) or 0.0))


def _tiles(plan: GaugePlan, found: list[Measured]) -> list[tuple[str, str]]:
    if plan.is_type_one:
        capable = [one.type_one.is_capable for one in found if one.type_one is not None]
        return [
            (str(sum(one is True for one in capable)), "measurements capable (Cg, Cgk 1.33 or more)"),
            (str(sum(one is False for one in capable)), "not capable"),
            (str(sum(one is None for one in capable)), "not defined"),
        ]
    shares = [share for one in found if (share := _percent(one.crossed)) is not None]
    return [
        (str(sum(share < GOOD_PERCENT for share in shares)), "measurements under 10 % GRR: good"),
        (str(sum(GOOD_PERCENT <= share <= BAD_PERCENT for share in shares)), "10 to 30 %: conditional"),
        (str(sum(share > BAD_PERCENT for share in shares)), "over 30 %: bad"),
        (str(len(found) - len(shares)), "did not vary at all"),
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
            "PV of boards. %GRR of the total variation; of boards that are all alike it says little, "
            "%tolerance does then. Under 10 % good, over 30 % bad; ndc 5 or more. "
            "Interaction pooled where p > 0.25.",
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
            line.source, line.degrees, number(line.squares), number(line.mean), number(line.f),
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
    share = got.tolerance_percent(Bounds.read(one.told.limit))
    says = judged(_percent(got), got.ndc)
    colour = "red" if says == "bad" else "amber" if says.startswith("cond") else ""
    return (
        one.told.name,
        f"{limit(one.told.limit)} {unit_sign(one.told.unit)}",
        *(number(value, 3) for value in (got.ev, got.av, got.interaction, got.grr, got.pv)),
        number(_percent(got), 3),
        number(share, 3),
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
