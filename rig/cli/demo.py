"""``make run``: three simulated boards side by side, one process each, and what became of them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FIXTURE = Path("fixtures/sim.yaml")
SCENARIO = Path("fixtures/scenarios/demo.yaml")
RESULTS = Path("results")


@dataclass(frozen=True, slots=True)
class Board:
    """One board of the demonstration and what it must come to."""

    slot: str
    serial: str
    says: str
    verdict: str
    code: str | None


BOARDS = (
    Board("slot1", "S21PRODEMO0000001", "a good board", "PASS", None),
    Board("slot2", "S21PRODEMO0000002", "chip 17 answers 80 %", "FAIL", "CHIP-WEAK"),
    Board("slot3", "S21PRODEMO0000003", "the chain ends after 32 chips", "FAIL", "CHAIN-SHORT"),
)


def main() -> int:
    """Run the three boards; 0 when each came to what it must."""
    console = Console()
    console.print("Three boards on the simulated bench, side by side:")
    for board in BOARDS:
        console.print(f"  {board.slot}: {board.serial}, {board.says}")
    runs = [_Run(board) for board in BOARDS]
    for run in runs:
        run.thread.start()
    for run in runs:
        run.thread.join()
    console.print(_table(runs))
    for run in runs:
        console.print(f"{run.board.slot}: {run.summary.get('record')}", soft_wrap=True)
    as_expected = all(run.as_expected for run in runs)
    console.print("All three came to what they must." if as_expected else "[red]Not what was expected.[/]")
    return 0 if as_expected else 1


class _Run:
    """One `rig run` in a process of its own; its lines are passed on, its last one kept."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.summary: dict[str, Any] = {}
        self.thread = threading.Thread(target=self._run, name=board.slot)

    @property
    def as_expected(self) -> bool:
        found = (self.summary.get("verdict"), self.summary.get("failure_code"))
        return found == (self.board.verdict, self.board.code)

    def _run(self) -> None:
        words = [
            sys.executable, "-m", "rig", "run", "--product", "s21pro", "--fixture", str(FIXTURE),
            "--slot", self.board.slot, "--serial", self.board.serial, "--scenario", str(SCENARIO),
            "--operator", "demo", "--results", str(RESULTS), "--json",
        ]
        with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as child:
            for line in child.stdout or ():
                if line.startswith("{"):
                    self.summary = json.loads(line)
                else:
                    sys.stdout.write(line)
                    sys.stdout.flush()


def _table(runs: list[_Run]) -> Table:
    table = Table("slot", "serial", "verdict", "code", "rate", "W", "J/TH", "s")
    for run in runs:
        found = run.summary
        style = "green" if found.get("verdict") in ("PASS", "MARGINAL") else "red"
        grade = f" {found['grade']}" if found.get("grade") else ""
        table.add_row(
            run.board.slot,
            run.board.serial,
            f"[{style}]{found.get('verdict', 'no verdict')}{grade}[/]",
            found.get("failure_code") or "-",
            _figure(found.get("board_rate"), ".4f"),
            _figure(found.get("watts"), ".0f"),
            _figure(found.get("joules_per_terahash"), ".2f"),
            _figure(found.get("seconds"), ".0f"),
        )
    return table


def _figure(value: Any, form: str) -> str:
    return format(value, form) if isinstance(value, int | float) else "-"


if __name__ == "__main__":
    sys.exit(main())
