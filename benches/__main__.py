"""``make bench``: every figure of docs/benchmarks.md in one run, printed and in results/bench.json.

    .venv/bin/python -m benches

Six to eight minutes. Shares of a core are of CPU time; other work on the machine makes them worse.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import rig
from benches import ingest, journal, outbox, verify
from rig.work.backend import describe

RESULTS = Path(rig.__file__).parents[1] / "results"
VERIFY_SECONDS, INGEST_SECONDS = 0.1, 6.0
VIRTUAL_RUNS = 3
REPORT_BOARDS = (100_000, 1_000_000)


def main() -> None:
    began = time.monotonic()
    print(f"machine: {processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} at the start\n")
    rates = verify.measure(VERIFY_SECONDS)
    show_rates(rates)
    lines = journal.measure()
    each = ", ".join(f"{cost:.0f} µs for {what}" for what, cost in lines.items())
    print(f"\njournal: CPU of a measurement {each}")
    costs = outbox.measure()
    for line in outbox.show(costs):
        print(line, flush=True)
    figures = []
    print("\ningest: link → decoder → verify → ledger over ptys, the sender excluded")
    print(f"{'boards':>7} {'shape':>12} {'frames/s each':>14} {'sent':>10} {'lost':>7} {'of a core':>10}")
    for setting in ingest.SETTINGS:
        figure = ingest.measure(setting, INGEST_SECONDS)
        figures.append(figure)
        print(
            f"{setting.boards:>7} {setting.shape:>12} {setting.frames_per_second_each:>14,} "
            f"{figure.frames_sent:>10,} {figure.frames_lost:>7,} {figure.core_share:>10.1%}", flush=True,
        )
    virtual = _virtual("run", VIRTUAL_RUNS)
    print(
        f"\nvirtual gear, ticket 1: {virtual['simulated_seconds']:.0f} s of a good board's run in "
        f"{virtual['cpu_seconds']:.2f} core-seconds: {virtual['speedup']:.0f} times", flush=True,
    )
    hour = _virtual("hour")
    print(f"memory of an hour's burn-in: {hour['settled_mib']:.0f} MiB after five minutes, at most "
          f"{hour['peak_mib']:.0f} MiB within the hour")
    reports = {boards: _reports(boards) for boards in REPORT_BOARDS}
    print(f"\n{'boards':>9} {'line report':>12} {'CPU':>7} {'capability':>11} {'CPU':>7} {'memory':>10}")
    for boards, figure in reports.items():
        print(f"{boards:>9,} {figure['report_seconds']:>10.1f} s {figure['report_cpu_seconds']:>5.1f} s "
              f"{figure['capability_seconds']:>9.2f} s {figure['capability_cpu_seconds']:>5.2f} s "
              f"{figure['peak_mib']:>6.0f} MiB", flush=True)
    results = {
        "native_nonces_per_core_second": round(rates.native),
        "python_nonces_per_core_second": round(rates.python),
        "journal_microseconds": {what: round(cost, 1) for what, cost in lines.items()},
        "outbox": {name: round(value, 4) for name, value in asdict(costs).items()},
        "ingest": [figure.record() for figure in figures],
        "virtual_speedup": round(virtual["speedup"], 1),
        "reports": {str(boards): figure for boards, figure in reports.items()},
        "peak_mib_one_hour": round(hour["peak_mib"], 1),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "bench.json").write_text(json.dumps(results, indent=2) + "\n")
    print(f"\nload {os.getloadavg()[0]:.2f} at the end, {time.monotonic() - began:.0f} s in all; "
          f"the figures: {RESULTS / 'bench.json'}")


def show_rates(rates: verify.Rates) -> None:
    """Back ends side by side, and what the ratio says."""
    for backend in rates.of:
        print(f"{backend.value:<16} {describe(backend)}")
    print("nonces per core-second")
    print(f"{'batch':>7}" + "".join(f"{backend.value:>18}" for backend in rates.of) + f"{'ratio':>8}")
    for size, *row in zip(verify.BATCHES, *rates.of.values(), strict=True):
        print(f"{size:>7}" + "".join(f"{value:>18,.0f}" for value in row) + f"{row[0] / row[-1]:>8.1f}")
    boards = rates.native / verify.FRAMES_PER_SECOND
    print(f"native to Python, batches of 1024 and more: {rates.ratio:.1f}")
    print(f"boards a core at {verify.FRAMES_PER_SECOND:,} answers a second each: {boards:,.0f}", flush=True)


def processor() -> str:
    """The processor by its name and what it has for hashing."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    found = dict(line.split("\t: ", 1) for line in map(_untabbed, lines) if "\t: " in line)
    extensions = "with" if "sha_ni" in found.get("flags", "") else "without"
    return f"{found.get('model name', 'unknown')} {extensions} SHA-NI"


def _untabbed(line: str) -> str:
    name, colon, value = line.partition(":")
    return f"{name.strip()}\t{colon}{value}"


def _reports(boards: int) -> Mapping[str, float]:
    """A line report over a drawn lake, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="rig-bench-") as folder:
        for task in (["make", folder, str(boards)], ["charts", folder]):
            done = subprocess.run(
                [sys.executable, "-m", "benches.reports", *task],
                stdout=subprocess.PIPE, text=True, check=True, cwd=RESULTS.parent,
            )
    found: Mapping[str, float] = json.loads(done.stdout)
    return found


def _virtual(task: str, *words: object) -> Mapping[str, float]:
    """One task of ``benches.virtual`` in a process of its own, so that its memory is its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benches.virtual", task, *map(str, words)],
        stdout=subprocess.PIPE, text=True, check=True, cwd=RESULTS.parent,
    )
    found: Mapping[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
