"""A station's results with boards in them, kept as a station keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rig.records import RunFolder, RunRecord, RunStart, State, file_run
from rig.records.model import NextStepRecord
from rig.records.passport import SigningKey, chosen_key
from rig.verdict.retest import Action


@dataclass
class Station:
    """Keeps runs of boards in ``results``, an hour after each other."""

    results: Path
    make: Callable[..., RunRecord]
    hours: int = 0

    def keep(
        self, serial: str, *, state: State = State.CLOSED, action: Action | None = Action.SHIP,
        values: dict[str, Any] | None = None, **changes: Any,
    ) -> RunRecord:
        made = self.make(run_id=f"20260101T{8 + self.hours:02d}0000-00c0de", **(values or {}))
        later, identity = timedelta(hours=self.hours), made.identity
        assert identity is not None
        record = made.model_copy(update={
            "serial": serial, "started": made.started + later, "ended": made.ended + later,
            "identity": identity.model_copy(update={"serial": serial}),
            "next_step": None if action is None else NextStepRecord(action=action, why="Because."),
            **changes,
        })
        folder = RunFolder.create(self.results, serial, record.run_id, record.started)
        folder.journal.touch()
        file_run(self.results, folder, record, state)
        self.hours += 1
        return record

    def folder(self, run: RunRecord) -> RunFolder:
        return RunFolder.of(self.results, run.serial, run.run_id, run.started)


@pytest.fixture
def station(tmp_path: Path, make: Callable[..., RunRecord]) -> Station:
    (tmp_path / "results").mkdir()
    return Station(tmp_path / "results", make)


@pytest.fixture
def key(station: Station) -> SigningKey:
    return chosen_key(station.results, None)


@pytest.fixture
def began(start: RunStart) -> datetime:
    return start.started
