"""A record's measurements value by value: what tables and testers' formats are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rig.records.model import MeasurementRecord, RunRecord
from rig.verdict.measurement import Outcome


@dataclass(frozen=True, slots=True)
class Taken:
    """One value of one attempt, which is at ``place`` among the record's.

    ``index`` counts from 0 along the chain; ``value`` None: no number. ``counts``: the attempt is the
    last of its name. ``outcome`` is this value's.
    """

    measurement: MeasurementRecord
    place: int
    index: int
    value: float | None
    outcome: Outcome
    counts: bool


def values_of(record: RunRecord) -> Iterator[Taken]:
    """Every value of every attempt in order; an attempt without values has one that is no number."""
    last = {taken.name: place for place, taken in enumerate(record.measurements)}
    for place, taken in enumerate(record.measurements):
        for index, value in enumerate(taken.values or (None,)):
            yield Taken(taken, place, index, value, _outcome(taken, index), counts=last[taken.name] == place)


def _outcome(taken: MeasurementRecord, index: int) -> Outcome:
    if taken.outcome is Outcome.RECORDED:
        return Outcome.RECORDED
    if index in taken.failing or (taken.outcome is Outcome.FAIL and not taken.failing):
        return Outcome.FAIL
    return Outcome.MARGINAL if index in taken.marginal else Outcome.PASS
