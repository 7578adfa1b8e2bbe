"""What a gauge study measured: every measurement of the whole board, from the records of its trials."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rig.errors import UsageError
from rig.qa.gauge import Crossed, TypeOne, crossed, type_one
from rig.qa.gauge_plan import GaugePlan, Step, missing
from rig.qa.gauge_result import judged
from rig.qa.rows import Told
from rig.qa.source import KeptRun
from rig.qa.stats import Bounds, Floats


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement of the study: ``values`` boards × slots × trials, and what it comes to."""

    told: Told
    values: Floats
    crossed: Crossed | None
    type_one: TypeOne | None

    @property
    def tolerance_percent(self) -> float | None:
        if self.crossed is None:
            return None
        return self.crossed.tolerance_percent(Bounds.read(self.told.limit), float(self.values.mean()))

    @property
    def says(self) -> str:
        """What a crossed study makes of it."""
        if self.crossed is None:
            return ""
        return judged(
            percent(self.crossed), self.crossed.ndc, self.tolerance_percent, are_alike=self.crossed.are_alike
        )


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


def percent(one: Crossed | None) -> float | None:
    """%GRR; None where nothing varied."""
    return None if one is None or not math.isfinite(one.grr_percent) else one.grr_percent
