"""A gauge study's plan and how far it has come: ``<results>/gauge/<name>/plan.json`` and ``trials.jsonl``."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from pydantic import Field, ValidationError

from rig.datafile import Data
from rig.errors import FileError, UsageError
from rig.qa.gauge_result import FOLDER
from rig.records.files import keeping, write_whole
from rig.records.folder import SAFE_NAME

PLAN, TRIALS = "plan.json", "trials.jsonl"
MOST_TRIALS: Final = 2000


class Step(Data):
    """One run: this board in this slot, for the ``trial``-th time (from 1)."""

    board: str
    slot: str
    trial: int = Field(ge=1)


class GaugePlan(Data):
    """Boards × slots × trials in the order in which they are run. One board and slot is a type-1 study."""

    name: str
    product: str
    fixture: str
    boards: tuple[str, ...] = Field(min_length=1)
    slots: tuple[str, ...] = Field(min_length=1)
    trials: int = Field(ge=2)
    seed: int
    steps: tuple[Step, ...]
    references: dict[str, float] = Field(default={})

    @property
    def is_type_one(self) -> bool:
        return len(self.boards) == 1 and len(self.slots) == 1

    @classmethod
    def drawn(
        cls,
        name: str,
        product: str,
        fixture: Path,
        boards: Sequence[str],
        slots: Sequence[str],
        trials: int,
        seed: int,
        references: Mapping[str, float],
    ) -> Self:
        """In random order, trial by trial, so that what drifts does not look like a slot or a board.

        Raises UsageError for what makes no study.
        """
        for what, some in (("--boards", boards), ("--slots", slots)):
            if (
                not some
                or len(set(some)) != len(some)
                or any(SAFE_NAME.fullmatch(one) is None for one in some)
            ):
                raise UsageError(
                    f"{what}: found {', '.join(some)[:200]!r}, expected different names, commas between"
                )
        if (len(boards) == 1) != (len(slots) == 1):
            raise UsageError(
                f"found {len(boards)} boards and {len(slots)} slots, expected at least two of both for a "
                "crossed study, or one of both for a type-1 study"
            )
        if trials < 2 or len(boards) * len(slots) * trials > MOST_TRIALS:
            raise UsageError(
                f"--trials: found {trials}, expected 2 or more, and at most {MOST_TRIALS} runs in all"
            )
        rng = random.Random(seed)
        steps: list[Step] = []
        for trial in range(1, trials + 1):
            turn = [Step(board=board, slot=slot, trial=trial) for board in boards for slot in slots]
            rng.shuffle(turn)
            steps += turn
        return cls(
            name=name,
            product=product,
            fixture=str(fixture),
            boards=tuple(boards),
            slots=tuple(slots),
            trials=trials,
            seed=seed,
            steps=tuple(steps),
            references=dict(references),
        )


class TrialDone(Data):
    """A step that was run and measured."""

    board: str
    slot: str
    trial: int
    run_id: str

    @property
    def step(self) -> Step:
        return Step(board=self.board, slot=self.slot, trial=self.trial)


@dataclass(frozen=True, slots=True)
class Study:
    """The folder of one study."""

    folder: Path

    @classmethod
    def at(cls, results: Path, name: str) -> Study:
        """Raises UsageError for a name that is none."""
        if SAFE_NAME.fullmatch(name) is None:
            raise UsageError(
                f"study {name[:60]!r}: found signs that name no folder, expected letters, digits, . _ -"
            )
        return cls(results / FOLDER / name)

    def begin(self, plan: GaugePlan) -> None:
        """Keep a new plan. Raises UsageError when the study is there already, StationFault."""
        if (self.folder / PLAN).exists():
            raise UsageError(f"{self.folder}: found a study there already, expected a new --name")
        with keeping(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / PLAN, plan.model_dump_json(indent=1) + "\n")

    def plan(self) -> GaugePlan:
        """Raises UsageError when there is no such study, FileError when its plan is damaged."""
        path = self.folder / PLAN
        try:
            return GaugePlan.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UsageError(
                f"{self.folder}: found no study, expected one that rig gauge plan began"
            ) from None
        except ValidationError as error:
            raise FileError(path, "", "no gauge plan", "the file as rig gauge plan wrote it") from error

    def done(self) -> dict[Step, str]:
        """Run ids by step. A line that was torn when its process died is left out."""
        found: dict[Step, str] = {}
        path = self.folder / TRIALS
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            try:
                trial = TrialDone.model_validate_json(line)
            except ValidationError:
                continue
            found[trial.step] = trial.run_id
        return found

    def keep(self, step: Step, run_id: str) -> None:
        """Note a step as run; on the disk when it returns. Raises StationFault."""
        line = json.dumps({**step.model_dump(), "run_id": run_id}).encode() + b"\n"
        with keeping(self.folder), (self.folder / TRIALS).open("ab+") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else b"\n" + line      # the last one was torn
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def left(self, plan: GaugePlan) -> list[Step]:
        """Steps still to run, in order."""
        done = self.done()
        return [step for step in plan.steps if step not in done]


def missing(plan: GaugePlan, done: Mapping[Step, str]) -> str:
    """What is missing, in words; "" when nothing is."""
    left = Counter(step.board for step in plan.steps if step not in done)
    if not left:
        return ""
    told = ", ".join(f"{board} {many}" for board, many in sorted(left.items())[:6])
    return (
        f"{len(plan.steps) - sum(left.values())} of {len(plan.steps)} trials are there, missing are: {told}"
    )
