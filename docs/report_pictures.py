"""Draw docs/report-*.png anew: python docs/report_pictures.py [NAME ...], without a name all of them.

Line and station are of a drawn history of 20,000 boards; the board's page and the gauge study are of runs
on the simulated bench in virtual time. Debian's chromium takes the pictures.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

from rig.purpose import Purpose
from rig.qa.gauge_plan import GaugePlan, Step, Study
from rig.qa.gauge_run import Ran, walk
from rig.testkit import VirtualBench

DOCS = Path(__file__).parent
ROOT = DOCS.parent
FIXTURE, PLANS = ROOT / "fixtures" / "sim.yaml", ROOT / "testplans"
PICTURES = {"line": (1280, 1690), "station": (1280, 1120), "board": (1280, 1560), "gauge": (1280, 1290)}
SLOTS = ("slot1", "slot2")
BOARDS = [f"S21PROGAUGE00000{number}" for number in range(1, 6)]
ROOM_CELSIUS = (22.0, 27.0)             # other in every trial: what else is there to vary in virtual time


def main(names: list[str]) -> None:
    makers = {"line": history, "station": history, "board": a_failed_board, "gauge": gauge_study}
    with tempfile.TemporaryDirectory(prefix="rig-pictures-") as text:
        folder = Path(text)
        for make in dict.fromkeys(makers[name] for name in names):
            make(folder)
        for name in names:
            take(folder, name)


def history(folder: Path) -> None:
    """The line's page and a station's."""
    results = folder / "history"
    rig(results, "demo-history", "--boards", "20000", "--days", "60", "--seed", "7")
    rig(results, "report", "line", "--simulated", "--out", f"{folder}/line.html")
    rig(results, "report", "station", "--station", "A2-01", "--simulated", "--out", f"{folder}/station.html")


def a_failed_board(folder: Path) -> None:
    """A board with a weak chip, as it came out of its run."""
    results = folder / "board"
    bench = VirtualBench("s21pro", fixture=FIXTURE, results=results, plans=PLANS, telemetry=True)
    record = bench.run([{"kind": "weak_chip", "chip": 17, "rate": 0.8}], scanned="S21PROTEST0000001", seed=7)
    rig(results, "report", "board", record.run_id, "--out", f"{folder}/board.html")


def gauge_study(folder: Path) -> None:
    """Five boards, two slots, two trials."""
    results, chance = folder / "gauge", random.Random(1)
    benches = {
        slot: VirtualBench("s21pro", fixture=FIXTURE, results=results, plans=PLANS, slot=slot,
                           purpose=Purpose.GAUGE)
        for slot in SLOTS
    }

    def play(step: Step) -> Ran:
        record = benches[step.slot].run(
            scanned=step.board, serial=step.board, seed=zlib.crc32(step.board.encode()), time_scale=20,
            ambient_celsius=chance.uniform(*ROOM_CELSIUS),
        )
        return Ran(record.run_id, record.verdict.value)

    plan = GaugePlan.drawn("autumn", "s21pro", FIXTURE, BOARDS, SLOTS, 2, 1, {})
    study = Study.at(results, plan.name)
    study.begin(plan)
    walk(study, plan, lambda *_: True, play, print)
    rig(results, "gauge", "report", plan.name, "--out", f"{folder}/gauge.html")


def take(folder: Path, name: str) -> None:
    wide, high = PICTURES[name]
    subprocess.run(
        [shutil.which("chromium") or "chromium", "--headless", "--no-sandbox", "--disable-gpu",
         "--hide-scrollbars", f"--user-data-dir={folder}/browser", f"--window-size={wide},{high}",
         f"--screenshot={DOCS / f'report-{name}.png'}", f"file://{folder}/{name}.html"],
        check=True, stderr=subprocess.DEVNULL,
    )


def rig(results: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "rig", *words, "--results", str(results)], check=True)


if __name__ == "__main__":
    main(sys.argv[1:] or list(PICTURES))
