"""Those that hold a slot live and are struck: a bare worker, pytest on the plan, ``rig run``."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from proofs.bench import ROOT, SERIAL, TIME_SCALE, PowerBench

# A worker without a plan: always between two orders, so that a blow may fall into the middle of one.
_WORKER = """
import sys
from rig.clock import SystemClock
from rig.guard.client import GuardClient
from rig.slot import Phase, Protection

client = GuardClient(sys.argv[1], sys.argv[2], "proof", SystemClock())
client.lease()
client.supply.enter(Phase.PRE_OPEN, 120.0)
while True:
    for volts in map(float, sys.argv[3:]):
        client.supply.on(volts, Protection(16.0, 100.0), 12.0)
        client.supply.read()
"""


class Holder(Enum):
    """What kind of process holds the lease."""

    WORKER = "worker"
    STEADY = "steady worker"   # stays at its volts
    PYTEST = "pytest"
    RUN = "rig run"


_VOLTS = {Holder.WORKER: ("2", "10", "15"), Holder.STEADY: ("15",)}


class Victims:
    """Starts holders on the slots of a bench; scenarios and results lie in the bench's folder."""

    def __init__(self, bench: PowerBench) -> None:
        self._bench = bench
        self._results = bench.folder / "results"

    def start(
        self, holder: Holder, slot: str, faults: Sequence[Mapping[str, Any]] = ()
    ) -> subprocess.Popen[bytes]:
        """A process that will hold ``slot`` live; a run's board has these faults."""
        words = self._words(holder, slot, faults)
        with (self._bench.folder / f"{slot}.out").open("ab") as out:
            return subprocess.Popen(
                words, env=self._bench.environment, cwd=self._bench.folder, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True,
            )

    def scenario_for_all(self) -> Path:
        """Good boards in every slot."""
        file = self._bench.folder / "scenario.yaml"
        file.write_text(yaml.safe_dump({"time_scale": TIME_SCALE, "boards": {}}))
        return file

    def has_record(self, serial: str, seconds: float) -> bool:
        """Whether the board's run is kept, or is within ``seconds``."""
        deadline = time.monotonic() + seconds
        while next(self._results.glob(f"*/{serial}-*/record.json"), None) is None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def _words(self, holder: Holder, slot: str, faults: Sequence[Mapping[str, Any]]) -> list[str]:
        if holder in _VOLTS:
            return [sys.executable, "-c", _WORKER, str(self._bench.socket), slot, *_VOLTS[holder]]
        options = {
            "product": "s21pro", "fixture": str(self._bench.fixture), "slot": slot,
            "serial": SERIAL, "scenario": str(self._scenario(slot, faults)),
            "results": str(self._results), "plans": str(ROOT / "testplans"),
        }
        if holder is Holder.RUN:
            return [sys.executable, "-m", "rig", "run", *_pairs("--", options)]
        return [
            sys.executable, "-m", "pytest", str(ROOT / "testplans" / "s21pro"), "-p", "rig.pytestplugin",
            "-p", "no:cacheprovider", "--rootdir", str(ROOT), "--import-mode=importlib",
            *_pairs("--rig-", options),
        ]

    def _scenario(self, slot: str, faults: Sequence[Mapping[str, Any]]) -> Path:
        file = self._bench.folder / f"scenario-{slot}.yaml"
        board = {"serial": "auto", "seed": 7, "faults": [dict(fault) for fault in faults]}
        file.write_text(yaml.safe_dump({"time_scale": TIME_SCALE, "boards": {slot: board}}))
        return file


def _pairs(dashes: str, options: Mapping[str, str]) -> list[str]:
    return [word for name, value in options.items() for word in (f"{dashes}{name}", value)]
