"""What one run costs a station besides the board: CPU of its process and of the supervisor.

    .venv/bin/python -m benches.station

The plan has 65 steps of 4 trivial measurements and leaves the board off. A simulated bench and a guard of
their own; about half a minute.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.forkserver import _forkserver  # type: ignore[attr-defined]
from pathlib import Path
from statistics import median

import yaml

import rig
from rig.clock import SystemClock
from rig.fixture.processes import ask_bench
from rig.station.flow import Person
from rig.station.place import Place
from rig.station.roles import Role
from rig.station.station import Station

ROOT = Path(rig.__file__).parents[1]
STEPS, EACH, RUNS = 65, 4, 7
SERIAL = "S21PROBENCH000001"
_STEP = '''
import pytest
from rig.pytestplugin import Run

pytestmark = pytest.mark.plan


@pytest.mark.parametrize("step", range({steps}))
def test_step(run: Run, step: int) -> None:
    for number in range({each}):
        run.measure(f"trivial_{{number}}", float(step))
'''


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of one run: its own process, the station's meanwhile, and how long it took."""

    child: float
    station: float
    seconds: float


def measure(runs: int = RUNS) -> list[Cost]:
    """One run after the other in one slot; the first is not counted."""
    folder, runtime = Path(tempfile.mkdtemp(prefix="rig-")), Path(tempfile.mkdtemp(prefix="rig-"))
    os.environ["RIG_RUNTIME"] = str(runtime)
    try:
        fixture = folder / "sim.yaml"
        shutil.copy(ROOT / "fixtures" / "sim.yaml", fixture)
        place = Place.find(fixture, None, None, folder / "results", _plans(folder))
        return asyncio.run(_measure(place, runs))
    finally:
        _stop(runtime)
        for one in (folder, runtime):
            shutil.rmtree(one, ignore_errors=True)


async def _measure(place: Place, runs: int) -> list[Cost]:
    station = Station(place, SystemClock())
    await station.open()
    work = asyncio.create_task(station.serve())
    found = [await _one(station) for _ in range(runs + 1)]
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await station.close()
    return found[1:]


async def _one(station: Station) -> Cost:
    person = Person("0417", Role.OPERATOR, "now")
    await station.desk.scan("SLOT-1", person)
    began, station_before, child_before = time.monotonic(), time.process_time(), _children_cpu()
    _, answer = await station.desk.scan(SERIAL, person)
    if answer.outcome != "accepted":
        raise RuntimeError(answer.words.text)
    while station.flow.slots["slot1"].busy_with is not None:
        await asyncio.sleep(0.02)
    ending = station.picture.endings["slot1"]
    if ending.run_id is None:
        raise RuntimeError(ending.sentence.text if ending.sentence else "the run did not begin")
    station.flow.acknowledge("slot1")
    return Cost(
        _children_cpu() - child_before, time.process_time() - station_before, time.monotonic() - began
    )


def _children_cpu() -> float:
    """CPU of all runs the forkserver has buried: its waited-for children, proc(5) stat 16 and 17."""
    pid = _forkserver._forkserver_pid
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def _plans(folder: Path) -> Path:
    """The S21 Pro's plan with trivial steps in place of its own."""
    plans = folder / "testplans"
    plan = plans / "s21pro"
    shutil.copytree(ROOT / "testplans" / "s21pro", plan)
    for module in plan.glob("test_*.py"):
        module.unlink()
    (plan / "test_trivial.py").write_text(_STEP.format(steps=STEPS, each=EACH))
    limits = yaml.safe_load((plan / "limits.yaml").read_text())
    for number in range(EACH):
        limits["measurements"][f"trivial_{number}"] = {
            "unit": "", "says": "nothing", "limit": {"at_least": 0}, "code": "CHIP-WEAK", "required": False,
        }
    (plan / "limits.yaml").write_text(yaml.safe_dump(limits))
    return plans


def _stop(runtime: Path) -> None:
    try:
        ask_bench(runtime / "bench.sock", {"op": "stop"})
    except (OSError, ValueError):
        return


def main() -> None:
    costs = measure()
    for name in ("child", "station"):
        values = [getattr(cost, name) for cost in costs]
        print(f"{name}: median {median(values):.3f} s of CPU, {min(values):.3f} to {max(values):.3f}")
    both = [cost.child + cost.station for cost in costs]
    print(f"together: median {median(both):.3f} s of CPU, {min(both):.3f} to {max(both):.3f}; "
          f"{median(cost.seconds for cost in costs):.2f} s a run, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
