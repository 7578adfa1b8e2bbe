"""What a line report costs: 100,000 boards × some 300 numbers, and 1,000,000 boards' memory.

    python -m benches.reports make FOLDER BOARDS      draws a lake
    python -m benches.reports charts FOLDER           times the report over it, one JSON object
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

import rig
from rig.clock import SystemClock

UNTIL = date(2026, 11, 27)
A_DRAW = 50_000                 # boards drawn at once
DAYS_A_DRAW = 30
STATIONS = tuple(f"A{number}" for number in range(1, 6))
THREADS = 2
T = TypeVar("T")


def make(folder: Path, boards: int) -> int:
    """A lake with that many boards; returns how many numbers a board has. numpy to Parquet, no records."""
    from rig.qa.history import Line
    from rig.qa.history_keep import History
    from rig.qa.history_parts import parts
    from rig.qa.part import write
    from rig.recipe import load_plan

    plan = load_plan(Path(rig.__file__).parents[1] / "testplans", "s21pro")
    drawn = History.of(Line(min(A_DRAW, boards), DAYS_A_DRAW, 1, UNTIL, stations=STATIONS), plan)
    for turn in range(-(-boards // A_DRAW)):            # the same numbers again, of other boards before
        line = replace(drawn.happened.line, until=UNTIL - timedelta(days=DAYS_A_DRAW * turn))
        history = replace(drawn, happened=replace(drawn.happened, line=line), first_board=A_DRAW * turn)
        for day, station, part in parts(history):
            place = folder / f"day={day}" / f"station={station}"
            place.mkdir(parents=True)
            write(part, place)
    return len(drawn.matrix)


def charts(folder: Path) -> dict[str, float]:
    """Seconds, wall and of CPU, of a whole line report and of capability alone; boards; peak memory."""
    from rig.qa.capability import capabilities
    from rig.qa.lake import Lake
    from rig.qa.line import Line, line_page
    from rig.qa.numbers import collect
    from rig.qa.select import Asked, Chosen

    def report() -> int:
        chosen = Chosen(Lake(folder), Asked(simulated=True), threads=THREADS)
        line = Line.of(chosen, threads=THREADS)
        line_page(line, (), SystemClock().utc())
        return len(line.firsts)

    boards, wall, cpu = _timed(report)
    chosen = Chosen(Lake(folder), Asked(simulated=True), threads=THREADS)
    firsts = chosen.firsts()
    _, cap_wall, cap_cpu = _timed(
        lambda: capabilities(collect(chosen.lake, firsts, firsts.spec.names[0], threads=THREADS))
    )
    return {
        "boards": boards, "report_seconds": wall, "report_cpu_seconds": cpu, "capability_seconds": cap_wall,
        "capability_cpu_seconds": cap_cpu,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """Warm: done once before it is timed."""
    work()
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    task, where = sys.argv[1], Path(sys.argv[2])
    print(json.dumps(charts(where) if task == "charts" else {"numbers": make(where, int(sys.argv[3]))}))
