"""Drawn histories and hand-made records for the reports' tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from rig.qa.history import Line
from rig.qa.history_keep import History
from rig.qa.history_parts import parts
from rig.qa.lake import Lake
from rig.recipe import PlanFolder, load_plan

UNTIL = date(2026, 11, 27)


@pytest.fixture(scope="session")
def plan() -> PlanFolder:
    return load_plan(Path(__file__).parents[2] / "testplans", "s21pro")


@pytest.fixture(scope="session")
def planted(plan: PlanFolder) -> History:
    """Two months of a line with a worn slot, a weak lot and a hot domain."""
    return History.of(Line.planted(8000, 60, 3, UNTIL), plan)


@pytest.fixture(scope="session")
def planted_lake(planted: History) -> Lake:
    return lake_of(planted)


def lake_of(history: History) -> Lake:
    return Lake(None, tuple(part for _, _, part in parts(history)))


Record = Callable[..., dict[str, Any]]


@pytest.fixture
def record() -> Record:
    return make_record


def make_record(run_id: str = "20261101T080000-000001", **changes: Any) -> dict[str, Any]:
    """A run of schema version 2 that passed, real and for the yield; ``values`` by measurement name."""
    values = changes.pop("values", {"board_watts": [1035.0], "domain_volts": [1.04, 1.05]})
    stamp = datetime.strptime(run_id[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).isoformat()
    limits = {"board_watts": "<= 1085", "domain_volts": ">= 1 and <= 1.1"}
    made: dict[str, Any] = {
        "schema_version": 2, "run_id": run_id, "serial": "BOARD1", "product": "s21pro", "slot": "slot1",
        "station": "A1", "fixture": "A1", "operator": "ada", "simulated": False, "purpose": "test",
        "started": stamp, "ended": stamp, "seconds": 140.0, "verdict": "PASS", "board_verdict": "PASS",
        "grade": "L1", "failure_code": None, "failure_text": None,
        "made_by": {"rig_version": "0.1.0", "plan": {"recipe.yaml": "a" * 64, "limits.yaml": "b" * 64}},
        "measurements": [
            {"name": name, "says": name, "unit": "", "over": "board" if len(some) == 1 else "domain",
             "values": some, "limit": limits.get(name), "marginal_limit": None, "code": None,
             "outcome": "PASS"}
            for name, some in values.items()
        ],
    }
    return made | changes
