"""Yields, reasons, ways of boards, positions: what the runs alone say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

import numpy as np

from rig.qa.select import SHIFTS, Category, Chosen, Firsts
from rig.qa.source import KeptRepair
from rig.verdict.control import Interval, p_limits, wilson

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``total``, with its 95 % interval; None without a total."""

    name: str
    says: str
    count: int
    total: int

    @property
    def value(self) -> float | None:
        return self.count / self.total if self.total else None

    @property
    def interval(self) -> Interval | None:
        return wilson(self.count, self.total) if self.total else None


@dataclass(frozen=True, slots=True)
class Point:
    """First-pass yield of one day, shift, station, slot or lot, with its limits on a p-chart."""

    name: str
    passed: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.passed / self.n

    @property
    def is_out(self) -> bool:
        return not self.low <= self.share <= self.high


@dataclass(frozen=True, slots=True)
class Way:
    """What became of boards that failed their first run."""

    name: str
    boards: int
    note: str = ""


def yields(chosen: Chosen) -> list[Share]:
    """All yields of the boards in the report, and of the runs in the period."""
    n, first, second, third, last = (
        int(value or 0)
        for value in chosen.one(
            "SELECT count(*), sum(passed::int), sum(second::int), sum(third::int), sum(last::int) FROM units"
        )
    )
    passed, runs = (
        int(value or 0)
        for value in chosen.one(
            "SELECT sum(passed::int), count(*) FROM within WHERE purpose = 'test' AND counted"
        )
    )
    return [
        Share("first-pass", "passed their first run", first, n),
        Share("second-pass", "passed their first or second run", second, n),
        Share("third-pass", "passed within three runs", third, n),
        Share("last", "passed their last run", last, n),
        Share("rolled", "first-pass over all process steps: one here, the product's plan", first, n),
        Share("runs passed", "of all runs in the period, retests included", passed, runs),
    ]


def day_of(number: int) -> date:
    return EPOCH + timedelta(days=int(number))


def by_day(firsts: Firsts) -> list[Point]:
    """Every day with boards, first to last."""
    if not len(firsts):
        return []
    start = int(firsts.day.min())
    names = tuple(day_of(start + at).isoformat() for at in range(int(firsts.day.max()) - start + 1))
    return by(firsts, Category(names, firsts.day - start))


def by_shift(firsts: Firsts) -> list[Point]:
    return by(firsts, Category(SHIFTS, firsts.shift))


def by(firsts: Firsts, category: Category) -> list[Point]:
    """Boards of each name; limits are three sigmas around the mean of all."""
    many = len(category.names)
    known = category.codes >= 0
    n = np.bincount(category.codes[known], minlength=many)
    passed = np.bincount(category.codes[known & firsts.passed], minlength=many)
    if not n.sum():
        return []
    mean = float(passed.sum() / n.sum())
    return [
        Point(name, int(k), int(of), limits.low, limits.high)
        for name, k, of in zip(category.names, passed, n, strict=True)
        if of
        for limits in [p_limits(mean, int(of))]
    ]


def reasons(firsts: Firsts) -> list[tuple[str, int]]:
    """Codes of failed first runs, most frequent first."""
    failed = firsts.code.codes[~firsts.passed]
    counts = np.bincount(failed[failed >= 0], minlength=len(firsts.code.names))
    found = [(name, int(count)) for name, count in zip(firsts.code.names, counts, strict=True) if count]
    unknown = int((failed < 0).sum())
    return sorted(found, key=lambda one: (-one[1], one[0])) + ([("no code", unknown)] if unknown else [])


def positions(firsts: Firsts) -> dict[int, int]:
    """Boards whose first run failed with a chip to blame, by chip."""
    chips = firsts.chip[(firsts.chip >= 0) & ~firsts.passed]
    return {int(chip): int(count) for chip, count in zip(*np.unique(chips, return_counts=True), strict=True)}


def ways(chosen: Chosen, repairs: Sequence[KeptRepair]) -> list[Way]:
    """Ways of the boards that failed their first run; they add up to all of them."""
    failed = chosen.rows(
        "SELECT serial, started, last, passed_at, passed_slot, station || ' ' || slot, last_at, last_action "
        "FROM units WHERE NOT passed"
    )
    mended: dict[str, list[str]] = {}
    for one in repairs:
        if one.kind == "repair":
            mended.setdefault(one.serial, []).append(one.at[:19])
    end = chosen.one("SELECT max(started) FROM within")[0]
    groups: dict[str, list[float]] = {}
    elsewhere = 0
    for serial, started, last, passed_at, passed_slot, slot, last_at, action in failed:
        before = [at for at in mended.get(serial, []) if at >= started.isoformat()[:19]]
        if passed_at is not None and last:
            repaired = any(at <= passed_at.isoformat()[:19] for at in before)
            groups.setdefault("repaired, passed" if repaired else "no fault found", []).append(
                (passed_at - started).total_seconds() / 86_400
            )
            elsewhere += not repaired and passed_slot != slot
            continue
        name = (
            "quarantined"
            if action == "quarantine"
            else "repaired, not passed since"
            if before
            else "not passed, no repair told"
        )
        groups.setdefault(name, []).append((end - last_at).total_seconds() / 86_400)
    notes = {
        "no fault found": f"passed later without a repair, {elsewhere} of them on another slot",
        "repaired, passed": f"median {_days(groups.get('repaired, passed'), median)} from failure to pass",
        **{
            name: f"longest {_days(groups.get(name), max)} since the last run"
            for name in ("repaired, not passed since", "not passed, no repair told", "quarantined")
        },
    }
    return [Way(name, len(groups[name]), note) for name, note in notes.items() if name in groups]


def _days(found: list[float] | None, of: object) -> str:
    value = of(found) if found and callable(of) else 0.0
    return f"{value:.1f} days" if value >= 1 else f"{value * 24:.1f} hours"
