"""What a run's start costs a station that has tested boards for months: dead runs sought among all there are.

    .venv/bin/python -m benches.many_runs [RUNS]

Makes so many finished runs (50,000: seven weeks at a thousand boards a day) in a folder of its own, one that
died, and times the search as it is beside a look through all folders. A minute; 200,000 inodes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from rig.records import RunFolder, marks, new_run_id

RUNS, A_DAY, TIMES = 50_000, 1000, 5


def measure(runs: int) -> dict[str, float]:
    """Seconds: the search for dead runs, a run by its id, and a look through all folders."""
    with tempfile.TemporaryDirectory(prefix="rig-bench-") as place:
        results = Path(place)
        last = _make(results, runs)
        return {
            "dead runs": _seconds(lambda: list(RunFolder.unfinished_in(results))),
            "a run by its id": _seconds(lambda: RunFolder.find(results, last)),
            "all runs looked at": _seconds(
                lambda: [run for run in RunFolder.all_in(results) if not run.finished]
            ),
        }


def _make(results: Path, runs: int) -> str:
    """The id of the run that died, the last."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    marks.mark_all(results, ())
    for number in range(runs):
        at = began + timedelta(days=number / A_DAY)
        run_id = new_run_id(at)
        folder = RunFolder.of(results, f"S21PRO{number:011d}", run_id, at)
        folder.path.mkdir(parents=True)
        for file in (folder.journal, folder.record, folder.junit):
            file.touch()
    folder.record.unlink()
    marks.mark(folder.path)
    return run_id


def _seconds(work: Callable[[], object]) -> float:
    found = []
    for _ in range(TIMES):
        began = time.perf_counter()
        if not work():
            raise RuntimeError("the run that died was not found")
        found.append(time.perf_counter() - began)
    return median(found)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    found = measure(runs)
    for what, seconds in found.items():
        print(f"{what}: {seconds * 1000:.2f} ms of {runs:,} runs")
    print(f"ratio of all looked at to dead runs: {found['all runs looked at'] / found['dead runs']:,.0f}")


if __name__ == "__main__":
    main()
