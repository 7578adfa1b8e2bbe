"""From the scan of a board to the supply's output on for the cold check.

    .venv/bin/python -m benches.scan_to_power

A real station on a simulated bench, a scan over its API, the output seen at the bench's truth port, past
every instrument. Nine boards, one after the other over four slots, each stopped by the scanner once it has
power; a minute and a half, since a stopped board is hot for half a minute.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

import rig
from proofs.bench import Watcher
from proofs.stationed import Stationed, Tile
from rig.fixture.processes import ask_bench

ROOT = Path(rig.__file__).parents[1]
SERIAL = "S21PROBENCH{:06d}"
SLOTS, RUNS = 4, 8
_WITHIN_SECONDS, _END_SECONDS = 10.0, 60.0


def measure(runs: int = RUNS) -> list[float]:
    """Seconds of each scan; a run before them is not counted. Raises TimeoutError."""
    folder, runtime = Path(tempfile.mkdtemp(prefix="rig-")), Path(tempfile.mkdtemp(prefix="rig-"))
    scenario = folder / "scenario.yaml"
    scenario.write_text("time_scale: 20\nboards: {}\n")
    station = Stationed(folder, runtime, {
        "fixture": str(ROOT / "fixtures" / "sim.yaml"), "scenario": str(scenario),
        "plans": str(ROOT / "testplans"), "results": str(folder / "results"),
    })
    try:
        station.start()
        watcher = Watcher(json.loads((runtime / "bench.json").read_text())["truth"])
        try:
            return [_one(station, watcher, number) for number in range(runs + 1)][1:]
        finally:
            watcher.stop()
    finally:
        station.end()
        try:
            ask_bench(runtime / "bench.sock", {"op": "stop"})
        finally:
            for one in (folder, runtime):
                shutil.rmtree(one, ignore_errors=True)


def _one(station: Stationed, watcher: Watcher, number: int) -> float:
    """One board, alone on the bench: its slot is free, and the one before it is off."""
    place = number % SLOTS + 1
    station.when(place, _free, _END_SECONDS)
    station.scan(f"SLOT-{place}")
    began = time.monotonic()
    answer = station.scan(SERIAL.format(number))
    if answer["outcome"] != "accepted":
        raise RuntimeError(answer["words"]["text"])
    live = watcher.when_live(f"slot{place}", _WITHIN_SECONDS)
    if live is None:
        raise TimeoutError(f"no power within {_WITHIN_SECONDS:g} s: {station.tile(place)}")
    station.scan(f"STOP-{place}")
    if watcher.when_off(f"slot{place}", _WITHIN_SECONDS) is None:
        raise TimeoutError("the slot of a stopped run is live")
    return live - began


def _free(tile: Tile) -> bool:
    return tile["state"] not in ("HOT", "RUNNING")


def main() -> None:
    found = sorted(measure())
    print(f"scan to output on: median {median(found):.2f} s, {found[0]:.2f} to {found[-1]:.2f} "
          f"({len(found)} boards, load {os.getloadavg()[0]:.1f})")


if __name__ == "__main__":
    main()
