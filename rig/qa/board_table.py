"""One run's measurements as its page tells them: what failed first, then by limit, then what has none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from rig.qa import charts_values
from rig.qa.page import Table, rows_of
from rig.qa.rows import Told
from rig.qa.stats import Bounds
from rig.qa.words import figure, limit, number

RANK: Final = {"FAIL": 0, "MARGINAL": 1}
QUIET: Final = frozenset({"PASS", "RECORDED"})


@dataclass(frozen=True, slots=True)
class Taken:
    """One measurement: its element nearest to the limit, and what all its elements span."""

    told: Told
    outcome: str
    worst: float | None
    index: int
    low: float | None
    high: float | None

    @property
    def name(self) -> str:
        """With the element that is told, or how many are told together."""
        if self.told.over == "board":
            return self.told.name
        together = self.told.limit is None or self.low == self.high
        return f"{self.told.name} ×{self.told.size}" if together else f"{self.told.name}[{self.index}]"

    @property
    def value(self) -> str:
        if self.low is not None and self.low != self.high and self.told.limit is None:
            return f"{number(self.low)} to {figure(self.high, self.told.unit)}"
        return figure(self.worst, self.told.unit)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; ``room`` draws the place between the limits."""

    name: str
    says: str
    value: str
    limit: str
    room: Markup
    outcome: str


def latest(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The last attempt of each measurement."""
    return list({one["name"]: one for one in record.get("measurements") or ()}.values())


def taken(record: Mapping[str, Any]) -> list[Taken]:
    """Those that failed first, then marginal ones, else in the order they were taken."""
    return sorted((_taken(one) for one in latest(record)), key=lambda one: RANK.get(one.outcome, 2))


def limited(found: Sequence[Taken]) -> list[Row]:
    return [
        Row(
            one.name,
            one.told.says,
            one.value,
            limit(one.told.limit),
            charts_values.room(one.worst, Bounds.read(one.told.limit)),
            "" if one.outcome in QUIET else one.outcome,
        )
        for one in found
        if one.told.limit is not None
    ]


def recorded(found: Sequence[Taken]) -> list[tuple[str, str, str]]:
    """Name, value and meaning of what has no limit."""
    return [(one.name, one.value, one.told.says) for one in found if one.told.limit is None]


def data(record: Mapping[str, Any]) -> Table:
    """Every element of every attempt."""
    return rows_of(
        [
            (
                one["name"],
                at,
                value,
                one.get("unit"),
                one.get("limit"),
                one.get("outcome"),
                one.get("attempt", 1),
            )
            for one in record.get("measurements") or ()
            for at, value in enumerate(one["values"])
        ],
        "measurement",
        "element",
        "value",
        "unit",
        "limit",
        "outcome",
        "attempt",
    )


def _taken(one: Mapping[str, Any]) -> Taken:
    told, bounds = Told.of(one), Bounds.read(one.get("limit"))
    values = [value for value in one["values"] if value is not None]
    if not values:
        return Taken(told, one.get("outcome", ""), None, 0, None, None)
    room = [_room(bounds, value) for value in values]
    worst = min(range(len(values)), key=room.__getitem__) if bounds != Bounds() else 0
    return Taken(
        told,
        one.get("outcome", ""),
        values[worst],
        list(one["values"]).index(values[worst]),
        min(values),
        max(values),
    )


def _room(bounds: Bounds, value: float) -> float:
    """Distance to the nearest limit, negative beyond it."""
    sides = [
        value - bounds.low if bounds.low is not None else math.inf,
        bounds.high - value if bounds.high is not None else math.inf,
        -abs(value - bounds.equals) if bounds.equals is not None else math.inf,
    ]
    return min(sides)
