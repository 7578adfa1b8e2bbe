"""Many simulated slots at once under one station: does anything get lost, and who took the cores.

    .venv/bin/python -m proofs.side_by_side --slots 16

Every slot runs a good board through the whole plan at its own ticket. Told of each: verdict, frames the
wire lost, seconds; and the share of a core that bench, guard, station and runs took.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

import rig
from proofs.stationed import Stationed, ended
from rig.fixture.processes import ask_bench

ROOT = Path(rig.__file__).parents[1]
SERIAL = "S21PSIDEBYSIDE{:03d}"
LOSSES = ("corrupt_frame_share", "lost_byte_share", "unnamed_loss_share")
MOST_SECONDS = 420.0


def main() -> int:
    """0 when every board passed and not a frame was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int, default=16, help="how many at once (16)")
    slots = parser.parse_args().slots
    folder, runtime = Path(tempfile.mkdtemp(prefix="rig-")), Path(tempfile.mkdtemp(prefix="rig-"))
    station = Stationed(folder, runtime, _options(folder))
    try:
        station.start()
        began, ticks = time.monotonic(), _ticks(runtime)
        for number in range(1, slots + 1):
            station.begin(number, SERIAL.format(number))
        tiles = _all_ended(station, slots)
        seconds = time.monotonic() - began
        good = [_told(folder, tile) for tile in tiles]
        for role, share in _shares(ticks, _ticks(runtime), seconds).items():
            print(f"{role}: {share:.0%} of a core")
        print(f"{sum(good)} of {slots} passed without a lost frame, {seconds:.0f} s, "
              f"ticket {_ticket()}, load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
        return 0 if all(good) else 1
    finally:
        station.end()
        _stop(runtime)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(runtime, ignore_errors=True)


def _options(folder: Path) -> dict[str, str]:
    scenario = folder / "scenario.yaml"
    scenario.write_text(yaml.safe_dump({"time_scale": 20, "boards": {}}))
    return {"fixture": str(ROOT / "fixtures" / "sim-16.yaml"), "scenario": str(scenario),
            "plans": str(ROOT / "testplans"), "results": str(folder / "results")}


def _all_ended(station: Stationed, slots: int) -> list[dict[str, Any]]:
    deadline = time.monotonic() + MOST_SECONDS
    while True:
        tiles: list[dict[str, Any]] = station.state()["tiles"][:slots]
        if all(map(ended, tiles)) or time.monotonic() > deadline:
            return tiles
        time.sleep(1.0)


def _told(folder: Path, tile: dict[str, Any]) -> bool:
    """One line for a slot; whether it passed and lost nothing."""
    found = next((folder / "results").glob(f"*/*-{tile['run_id']}/record.json"), None)
    if found is None:
        print(f"{tile['slot']}: {tile['state']} {tile['phase']}")
        return False
    record = json.loads(found.read_text())
    latest = {one["name"]: one["values"] for one in record["measurements"]}
    lost = {name: latest[name][0] for name in LOSSES if name in latest}
    words = ", ".join(f"{name} {share:.2g}" for name, share in lost.items())
    verdict = f"{record['verdict']} {record['failure_code'] or ''}".strip()
    print(f"{tile['slot']}: {verdict}, {record['seconds']:.0f} s, {words}")
    return record["verdict"] == "PASS" and len(lost) == len(LOSSES) and not any(lost.values())


def _ticks(runtime: Path) -> dict[str, float]:
    """CPU seconds so far of the processes that stay."""
    pids = {role: int(json.loads((runtime / f"{role}.lock").read_text())["pid"])
            for role in ("bench", "guard", "station")}
    found = {role: _cpu(Path(f"/proc/{pid}/stat"), 11) for role, pid in pids.items()}
    tasks = Path(f"/proc/{pids['station']}/task").glob("*/children")
    children = [pid for task in tasks for pid in task.read_text().split()]
    found["runs"] = sum(_cpu(Path(f"/proc/{pid}/stat"), 13) for pid in children)
    return found


def _cpu(stat: Path, at: int) -> float:
    fields = stat.read_text().rsplit(")", 1)[1].split()
    return (int(fields[at]) + int(fields[at + 1])) / os.sysconf("SC_CLK_TCK")


def _shares(before: dict[str, float], after: dict[str, float], seconds: float) -> dict[str, float]:
    return {role: (after[role] - before[role]) / seconds for role in before}


def _ticket() -> int:
    recipe = yaml.safe_load((ROOT / "testplans" / "s21pro" / "recipe.yaml").read_text())
    return 1 << int(recipe.get("ticket_zero_bits", 0))


def _stop(runtime: Path) -> None:
    try:
        ask_bench(runtime / "bench.sock", {"op": "stop"})
    except (OSError, ValueError):
        return


if __name__ == "__main__":
    sys.exit(main())
