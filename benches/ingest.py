"""Ingest over real ptys: frames lost and share of a core, in one process and as one process a slot."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import rig

ROOT = Path(rig.__file__).parents[1]
PACK = ROOT / "testplans" / "s21pro" / "s21pro-sim.kap"
FULL_BOARD, WIRE_CEILING = 18_000, 28_409            # frames a second
# A job's known answers last this long at the rate; it is renewed a little before.
ANSWERS_OF_A_JOB, SPARE = 47_775, 0.95


@dataclass(frozen=True, slots=True)
class Setting:
    """One figure to be had. ``shape`` is one_process or processes."""

    boards: int
    shape: str
    frames_per_second_each: int


SETTINGS = tuple(
    Setting(boards, shape, rate)
    for boards, rate in ((1, FULL_BOARD), (3, FULL_BOARD), (16, FULL_BOARD), (4, WIRE_CEILING))
    for shape in ("one_process", "processes")
)


@dataclass(frozen=True, slots=True)
class Figure:
    """What came of a setting; ``core_share`` of all ingest processes together, the sender's excluded."""

    setting: Setting
    frames_sent: int
    frames_lost: int
    core_share: float

    def record(self) -> dict[str, object]:
        """As results/bench.json has it."""
        return {
            "boards": self.setting.boards, "shape": self.setting.shape,
            "frames_per_second_each": self.setting.frames_per_second_each,
            "frames_lost": self.frames_lost, "core_share": round(self.core_share, 4),
        }


def measure(setting: Setting, seconds: float) -> Figure:
    """Run a setting for so many seconds. Raises RuntimeError when one of its processes ends early."""
    rate = setting.frames_per_second_each
    job_seconds = min(2.4, SPARE * ANSWERS_OF_A_JOB / rate)
    sender = _start("benches.sender", setting.boards, rate, PACK)
    paths = json.loads(_line(sender))
    groups = [paths] if setting.shape == "one_process" else [[path] for path in paths]
    readers = [_start("benches.reader", seconds, job_seconds, PACK, *group) for group in groups]
    try:
        for reader in readers:
            _line(reader)
        for reader in readers:
            _go(reader)
        found = [json.loads(_line(reader)) for reader in readers]
        sent = sum(json.loads(sender.communicate()[0]))
    finally:
        for process in (sender, *readers):
            process.kill()
            process.communicate()
    received = sum(one["answers"] for one in found)
    share = sum(one["cpu_seconds"] / one["wall_seconds"] for one in found)
    return Figure(setting, sent, sent - received, share)


def _start(module: str, *words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, words)], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
    )


def _line(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError(f"{process.args!r} ended early; see above")
    return line


def _go(process: subprocess.Popen[str]) -> None:
    if process.stdin:
        process.stdin.write("\n")
        process.stdin.flush()
