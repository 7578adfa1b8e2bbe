"""The station's self-test at the start of a shift: is everything there that the first board needs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from rig.errors import RigError
from rig.fixturefile import FixtureFile
from rig.records import STORE_FILE, Store
from rig.station.slotflow import Conditions
from rig.work.backend import best_backend

LEAST_FREE_BYTES = 1_000_000_000        # about a thousand records with their journals


def problems(
    fixture: FixtureFile, conditions: Mapping[str, Conditions], results: Path, now: datetime
) -> Iterator[str]:
    """What is not as it must be, as a person reads it. Slow: reads every page of the store."""
    if not conditions:
        yield "the guard does not answer"
        for name in fixture.slots:
            yield from _overdue(fixture, name, now)
    for name, found in conditions.items():
        yield from of_slot(fixture, name, found, now)
    yield from of_station(results)


def of_slot(fixture: FixtureFile, name: str, found: Conditions, now: datetime) -> Iterator[str]:
    """What is not as it must be with one slot."""
    if found.fault is not None:
        yield f"{name}: {found.fault}"
    elif not found.estop_closed:
        yield f"{name}: the e-stop loop is open"
    elif found.latched:
        yield f"{name}: an e-stop waits for its release"
    yield from _overdue(fixture, name, now)


def _overdue(fixture: FixtureFile, name: str, now: datetime) -> Iterator[str]:
    if fixture.for_production:
        for role, day in fixture.slots[name].overdue(now.date()).items():
            yield f"{name}: the calibration of its {role} ended on {day.isoformat()}"


def of_station(results: Path) -> Iterator[str]:
    """What is not as it must be with what all slots share. Slow."""
    free = shutil.disk_usage(results).free
    if free < LEAST_FREE_BYTES:
        yield f"{results}: {free / 1e9:.1f} GB are free, expected {LEAST_FREE_BYTES / 1e9:.0f}"
    try:
        Store(results / STORE_FILE).check()
        best_backend()
    except RigError as error:
        yield str(error)
