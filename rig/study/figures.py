"""What a study says: escapes, false fails, misbooked, how often the right code is named. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

from rig.datafile import Data
from rig.study.rows import Row
from rig.study.truth import Bench
from rig.verdict.binomial import at_least
from rig.verdict.severity import Verdict

CONFIDENCE_Z = 1.959964             # 95 %, two-sided
CONSISTENT = 0.01                   # false fails rarer than this by chance contradict the stated risk


class Share(Data):
    """``count`` of ``total`` with its Wilson interval at 95 % (None without a total)."""

    count: int
    total: int
    low: float | None
    high: float | None

    @classmethod
    def of(cls, count: int, total: int) -> Share:
        """Wilson's score interval (Wilson 1927, J. Am. Stat. Assoc. 22)."""
        if not total:
            return cls(count=count, total=0, low=None, high=None)
        share, spread = count / total, CONFIDENCE_Z**2 / total
        middle = (share + spread / 2) / (1 + spread)
        half = CONFIDENCE_Z * math.sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
        return cls(count=count, total=total, low=max(0.0, middle - half), high=min(1.0, middle + half))

    def __str__(self) -> str:
        if not self.total or self.low is None or self.high is None:
            return "none"
        return f"{self.count}/{self.total} ({100 * self.low:.1f} to {100 * self.high:.1f} %)"


class KindFigures(Data):
    """Boards with one fault of one kind. Top-1 and top-3 are over those that must be caught."""

    kind: str
    boards: int
    must_be_caught: int
    escaped: int
    misbooked: int
    top_1: Share
    top_3: Share


class StudyFigures(Data):
    """A study in figures. ``confusion``: kind, then code (or `ships`), then how many."""

    boards: int
    good: int
    escapes: int
    misbooked: int
    false_fails: Share
    false_fails_consistent: bool
    decision_seconds: float | None
    decision_share_of_fixed: float | None
    cpu_seconds: float
    kinds: tuple[KindFigures, ...]
    confusion: dict[str, dict[str, int]]
    grades: dict[str, dict[str, int]]


def figures_of(rows: Sequence[Row], bench: Bench, *, risk: float, fixed_seconds: float) -> StudyFigures:
    """All figures. ``risk``: of failing a good board; ``fixed_seconds``: of a test of fixed length."""
    good = [row for row in rows if not row.faults]
    failed = sum(not row.shipped for row in good)
    decided = [row.decision_seconds for row in good if row.decision_seconds is not None]
    mean = fmean(decided) if decided else None
    return StudyFigures(
        boards=len(rows),
        good=len(good),
        escapes=sum(row.escaped(bench) for row in rows),
        misbooked=sum(row.misbooked() for row in rows),
        false_fails=Share.of(failed, len(good)),
        false_fails_consistent=not failed or at_least(failed, len(good), risk) >= CONSISTENT,
        decision_seconds=mean,
        decision_share_of_fixed=None if mean is None else mean / fixed_seconds,
        cpu_seconds=round(sum(row.cpu_seconds for row in rows), 1),
        kinds=tuple(_kind(kind, some, bench) for kind, some in _single_kinds(rows)),
        confusion=_confusion(rows),
        grades=_grades(rows, bench),
    )


def _single_kinds(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        if len(row.faults) == 1:
            kinds.setdefault(row.kind, []).append(row)
    return sorted(kinds.items())


def _kind(kind: str, rows: Sequence[Row], bench: Bench) -> KindFigures:
    due = [row for row in rows if row.must_be_caught(bench)]
    return KindFigures(
        kind=kind,
        boards=len(rows),
        must_be_caught=len(due),
        escaped=sum(row.escaped(bench) for row in rows),
        misbooked=sum(row.misbooked() for row in rows),
        top_1=Share.of(sum(row.named(1) for row in due), len(due)),
        top_3=Share.of(sum(row.named(3) for row in due), len(due)),
    )


def _confusion(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    counted: dict[str, Counter[str]] = {}
    for row in rows:
        counted.setdefault(row.kind, Counter())[row.code or "ships"] += 1
    return {kind: dict(counts.most_common()) for kind, counts in sorted(counted.items())}


def _grades(rows: Iterable[Row], bench: Bench) -> dict[str, dict[str, Any]]:
    """Verdict and grade against what was true of the board."""
    counted: dict[str, Counter[str]] = {}
    for row in rows:
        truth = "good" if not row.faults else "must be caught" if row.must_be_caught(bench) else "either way"
        said = f"{row.verdict.value} {row.grade}" if row.verdict is Verdict.PASS else row.verdict.value
        counted.setdefault(truth, Counter())[said] += 1
    return {truth: dict(counts.most_common()) for truth, counts in sorted(counted.items())}
