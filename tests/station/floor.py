"""A real station on a simulated bench of four slots, with a plan made short."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

import rig
from proofs.owners import end_owners
from proofs.stationed import Stationed

ROOT = Path(rig.__file__).parents[1]
SERIAL = "S21PROTEST000000{}"
HEAT_RUNS_FASTER = 20
# A whole run takes as long as its wire does: some 39 s instead of 106.
SHORT: Mapping[str, Any] = {"soak_seconds": 2, "ramp": {"step_mhz": 25, "step_seconds": 0.05}}


class Floor:
    """Bench, plan, badges and station of one test; the station may die and come again.

    ``boards`` as a scenario file tells them, ``bench``: changes to the fixture file, ``port`` of the page.
    """

    def __init__(
        self, folder: Path, runtime: Path, boards: Mapping[str, Any], *, port: int = 0, **bench: Any
    ) -> None:
        self.runtime, self.results, self.port = runtime, folder / "results", port
        self.scenario, plans, fixture = folder / "scenario.yaml", folder / "testplans", folder / "sim.yaml"
        shutil.copytree(ROOT / "testplans", plans)
        _edit(plans / "s21pro" / "recipe.yaml", **SHORT)
        shutil.copy(ROOT / "fixtures" / "sim.yaml", fixture)
        _edit(fixture, **bench)
        self.scenario.write_text(yaml.safe_dump({"time_scale": HEAT_RUNS_FASTER, "boards": dict(boards)}))
        self.station = Stationed(folder, runtime, {
            "fixture": str(fixture), "scenario": str(self.scenario), "plans": str(plans),
            "results": str(self.results), "port": str(port),
        })

    def clean_up(self) -> None:
        self.station.end(signal.SIGKILL)
        end_owners(self.runtime)
        shutil.rmtree(self.runtime, ignore_errors=True)


def _edit(file: Path, **changes: Any) -> None:
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | changes, sort_keys=False))
