"""Every fault kind through real `rig run`s, two at a time, each on a bench and a guard of its own.

    make prove-faults                                   all
    .venv/bin/python -m proofs.faults weak_chip estop   those kinds
    .venv/bin/python -m proofs.faults 'meter_offset 15' that row, as it is printed

Prints kind, expected codes, code and verdict got; exits 1 when one is wrong.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from proofs.bench import FIXTURE, ROOT, SERIAL, TIME_SCALE
from proofs.fault_table import ABSORBED, CAUGHT
from proofs.owners import end_owners

JOBS = int(os.environ.get("JOBS", "2"))
RUN_SECONDS = 400
OF_PARTY = {"STN": ("STATION_FAULT", None, 3), "OPR": ("ABORTED", None, 4)}
BOARD = ("FAIL", "FAIL", 1)


@dataclass(frozen=True)
class Case:
    """A fault and the codes of which each is right; none: the board passes."""

    fault: dict[str, Any]
    codes: frozenset[str]

    @property
    def name(self) -> str:
        """As it is printed and chosen by: the fault's values."""
        return " ".join(f"{value}" for value in self.fault.values())

    def fits(self, code: str | None, verdict: str, board: str | None, exit_code: int) -> bool:
        """Whether code, verdict, board verdict and exit code are right together."""
        if not self.codes:
            return (code, verdict, board, exit_code) == (None, "PASS", "PASS", 0)
        if code not in self.codes:
            return False
        return (verdict, board, exit_code) == OF_PARTY.get(code.split("-")[0], BOARD)


def cases(chosen: list[str]) -> list[Case]:
    """The table's rows, or those chosen by kind or by name."""
    rows = [Case(fault, frozenset(codes.split())) for fault, codes in CAUGHT]
    rows += [Case(fault, frozenset()) for fault in ABSORBED]
    return [row for row in rows if not chosen or {row.fault["kind"], row.name} & set(chosen)]


def prove(case: Case) -> tuple[Case, bool, str, float]:
    """One run; whether it ended right, what it said, and its seconds."""
    began = time.monotonic()
    with _lab() as folder:
        scenario = folder / "scenario.yaml"
        board = {"serial": "auto", "seed": 7, "faults": [case.fault]}
        scenario.write_text(yaml.safe_dump({"time_scale": TIME_SCALE, "boards": {"slot1": board}}))
        done = subprocess.run(
            [sys.executable, "-m", "rig", "run", "--json", "--product", "s21pro", "--fixture", str(FIXTURE),
             "--slot", "slot1", "--serial", SERIAL, "--plans", str(ROOT / "testplans"),
             "--results", str(folder / "results"), "--scenario", str(scenario)],
            env=os.environ | {"RIG_RUNTIME": str(folder / "run")}, cwd=folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=RUN_SECONDS,
            check=False,
        )
    last = (done.stdout.strip().splitlines() or [""])[-1]
    said = json.loads(last) if last.startswith("{") else {}
    code, verdict, board_verdict = (said.get(key) for key in ("failure_code", "verdict", "board_verdict"))
    right = case.fits(code, str(verdict), board_verdict, done.returncode)
    got = f"{code or '-'} {verdict} board {board_verdict} exit {done.returncode}"
    why = str(said.get("failure_text") or last)
    return case, right, got if right else f"{got}: {why}", time.monotonic() - began


@contextmanager
def _lab() -> Iterator[Path]:
    """A folder with a runtime directory; guard and bench that the run started there are ended."""
    folder = Path(tempfile.mkdtemp(prefix="rig-"))
    try:
        yield folder
    finally:
        end_owners(folder / "run")
        shutil.rmtree(folder, ignore_errors=True)


def main(chosen: list[str]) -> int:
    rows = cases(chosen)
    unknown = [one for one in chosen if not cases([one])]
    if unknown:
        sys.stderr.write(f"no such fault kind or row: {', '.join(unknown)}\n")
        return 2
    wrong = 0
    with ThreadPoolExecutor(JOBS) as pool:
        for case, right, got, seconds in pool.map(prove, rows):
            wrong += not right
            wanted = " ".join(sorted(case.codes)) or "PASS"
            line = f"{'ok ' if right else 'BAD'} {case.name:38} {wanted:28} {got} ({seconds:.0f} s)"
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(rows)} runs, {wrong} wrong\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
