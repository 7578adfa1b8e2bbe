"""A gauge study, walked through: each step is a real run with purpose ``gauge``, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from rig.errors import UsageError
from rig.purpose import Purpose
from rig.qa.gauge_plan import GaugePlan, Step, Study
from rig.records.files import write_whole
from rig.verdict.severity import ExitCode

MEASURED: Final = frozenset({"PASS", "MARGINAL", "FAIL"})
HEAT_RUNS_FASTER: Final = 20  # on the simulated bench


@dataclass(frozen=True, slots=True)
class Ran:
    """How one run ended; no run id when it could not begin, ``words``: what it said then."""

    run_id: str | None
    verdict: str | None
    words: str = ""

    @property
    def is_measured(self) -> bool:
        """Whether it counts: the board was judged, whichever way."""
        return self.run_id is not None and self.verdict in MEASURED


Play = Callable[[Step], Ran]
Ask = Callable[[Step, int, int], bool]


def walk(study: Study, plan: GaugePlan, ask: Ask, play: Play, tell: Callable[[str], None]) -> int:
    """Run every step that is left; returns how many still are.

    ``ask(step, number, of)`` waits until the board is in its slot; False ends the walk. A run that ended
    without a measured board is told, and its step stays open. Raises StationFault when the disk refuses.
    """
    left = study.left(plan)
    for number, step in enumerate(left, start=len(plan.steps) - len(left) + 1):
        if not ask(step, number, len(plan.steps)):
            break
        ran = play(step)
        if ran.run_id is not None and ran.is_measured:
            study.keep(step, ran.run_id)
            tell(f"{number} of {len(plan.steps)}: {step.board} in {step.slot}: {ran.verdict}")
        else:
            tell(
                f"{number} of {len(plan.steps)}: {step.board} in {step.slot} was not measured "
                f"({ran.verdict or ran.words or 'no run'}); rig gauge run asks for it again"
            )
    return len(study.left(plan))


@dataclass(frozen=True, slots=True)
class RigRun:
    """Plays a step with ``rig run``. On a simulated bench the same serial is the same board in every slot."""

    study: Study
    plan: GaugePlan
    results: Path
    operator: str
    plans: Path | None
    simulated: bool

    def __call__(self, step: Step) -> Ran:
        words = [
            sys.executable,
            "-m",
            "rig",
            "run",
            "--product",
            self.plan.product,
            "--fixture",
            self.plan.fixture,
            "--slot",
            step.slot,
            "--serial",
            step.board,
            "--purpose",
            Purpose.GAUGE.value,
            "--operator",
            self.operator,
            "--results",
            str(self.results),
            "--json",
        ]
        words += ["--plans", str(self.plans)] if self.plans else []
        words += ["--scenario", str(self._scenario(step))] if self.simulated else []
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode == ExitCode.USAGE:
            said = " ".join((done.stderr or done.stdout).split())[-300:]
            raise UsageError(f"rig run refused the trial: {said}")
        try:
            told = json.loads(done.stdout.strip().splitlines()[-1])
            return Ran(told["run_id"], told["verdict"], " ".join(done.stderr.split())[-200:])
        except (IndexError, ValueError, KeyError, TypeError):
            said = " ".join((done.stderr or done.stdout).split())[-300:]
            return Ran(None, None, said)

    def _scenario(self, step: Step) -> Path:
        seed = zlib.crc32(step.board.encode())
        path = self.study.folder / f"scenario-{step.board}-{step.slot}.yaml"
        write_whole(
            path,
            yaml.safe_dump(
                {
                    "time_scale": HEAT_RUNS_FASTER,
                    "boards": {step.slot: {"serial": step.board, "seed": seed, "faults": []}},
                }
            ),
        )
        return path
