"""What a night's process is to do, and what it says at its end: one JSON object each way."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field

from rig.datafile import Data
from rig.purpose import Purpose
from rig.verdict.severity import Verdict


class Task(StrEnum):
    RUN = "run"
    INSTRUMENTS = "instruments"
    CLEAR = "clearing"                  # what was planted is taken out again


class Order(Data):
    """A task in a slot whose place is held. A run writes its record to ``results``."""

    task: Task
    fixture: Path
    slot: str
    place: str
    product: str
    serial: str
    plans: Path
    results: Path
    operator: str
    purpose: Purpose = Purpose.GOLDEN
    scenario: Path | None = None


class Answer(Data):
    """How it ended. ``taken``: somebody else has the slot; ``refused``: a file or word was wrong."""

    says: str
    verdict: Verdict | None = None
    board_verdict: Verdict | None = None
    code: str | None = None
    run_id: str | None = None
    measured: dict[str, float] = Field(default={})
    made_way: bool = False
    taken: bool = False
    refused: bool = False
