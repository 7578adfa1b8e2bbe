"""What the station has found of itself, for those who would use its slots without it: the lab."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from rig.fixturefile import FixtureFile
from rig.lab.word import StationWord
from rig.records import STORE_FILE
from rig.station.alarms import Alarms
from rig.station.shift import ShiftBook


def station_word(fixture: FixtureFile, results: Path, now: datetime) -> StationWord:
    """All of it. Slow. Raises StationFault."""
    return StationWord(self_test_problems(fixture, results), production_lock(fixture, results, now))


def self_test_problems(fixture: FixtureFile, results: Path) -> Mapping[str, str]:
    """What the last self-test found, by slot; what it found of the whole station stands at every slot.

    Nothing where no self-test is recorded for the shift.
    """
    found = ShiftBook(results, fixture, ship_marginal=False).shift.self_test_problem
    problems: dict[str, str] = {}
    for part in found.split("; ") if found else ():
        slot = part.partition(": ")[0]
        for name in [slot] if slot in fixture.slots else fixture.slots:
            problems.setdefault(name, f"the station's last self-test was not good: {part}; repeat it there")
    return problems


def production_lock(fixture: FixtureFile, results: Path, now: datetime) -> str | None:
    """Why no board may be produced: the golden board, or an alarm. Slow. Raises StationFault."""
    if not fixture.for_production or not (results / STORE_FILE).exists():
        return None
    _, lock = ShiftBook(results, fixture, ship_marginal=False).golden(now)
    if lock is None:
        alarms = Alarms(results, fixture)
        alarms.look()
        lock = alarms.lock
    return None if lock is None else f"{lock.code}: {lock.words.text}"
