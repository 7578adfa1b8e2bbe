"""The one line a program reads after ``rig run --json``."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from rig.datafile import Data
from rig.records.model import RunRecord
from rig.verdict.severity import Verdict


class Summary(Data):
    """One object on every exit; null where nothing is known. ``record`` is record.json's path."""

    run_id: str | None = None
    serial: str | None = None
    product: str | None = None
    slot: str | None = None
    simulated: bool | None = None
    verdict: Verdict | None = None
    board_verdict: Verdict | None = None
    grade: str | None = None
    failure_code: str | None = None
    failure_text: str | None = None
    chips_found: int | None = None
    board_rate: float | None = None
    watts: float | None = None
    joules_per_terahash: float | None = None
    seconds: float | None = None
    record: str | None = None

    @classmethod
    def of(cls, run: RunRecord, path: Path) -> Self:
        """The summary of a run whose record lies at ``path``."""
        shared = {name: getattr(run, name) for name in cls.model_fields if name != "record"}
        return cls(**shared, record=str(path))

    def line(self) -> str:
        """The JSON text, without a line end."""
        return self.model_dump_json()
