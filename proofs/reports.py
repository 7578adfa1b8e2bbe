"""``make prove-reports``: 200 histories of a sound line, and how often the box says that it needs a person;
20 with plants, and how often each is named and anything else is.

    python -m proofs.reports --sound 200 --planted 20
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path

import rig
from rig.qa.history import Line
from rig.qa.history_keep import History
from rig.qa.history_parts import parts
from rig.qa.lake import Lake
from rig.qa.line import Line as Report
from rig.qa.select import Asked, Chosen
from rig.recipe import load_plan

UNTIL = date(2026, 11, 27)
SOUND_BOARDS, SOUND_DAYS = 3000, 30
PLANTED_BOARDS, PLANTED_DAYS = 20_000, 60
MOST_FALSE = 0.02               # share of sound histories whose box may not be empty
PLANS = Path(rig.__file__).parents[1] / "testplans"


def box(line: Line) -> tuple[set[str], set[str]]:
    """Names in the box, and names of what was planted."""
    history = History.of(line, load_plan(PLANS, "s21pro"))
    lake = Lake(None, tuple(part for _, _, part in parts(history)))
    report = Report.of(Chosen(lake, Asked(simulated=True), threads=1), threads=1)
    wanted, plants = set(), line.plants
    if plants.place is not None:
        wanted.add(" ".join(line.places[plants.place]))
    if plants.lot is not None:
        wanted.add(f"Lot {history.lot_name(plants.lot)}")
    if plants.domain is not None:
        wanted.add(f"Domain {plants.domain}")
    return {one.name for one in report.found.findings}, wanted


def sound(seed: int) -> tuple[set[str], set[str]]:
    return box(Line(SOUND_BOARDS, SOUND_DAYS, 10_000 + seed, UNTIL))


def planted(seed: int) -> tuple[set[str], set[str]]:
    return box(Line.planted(PLANTED_BOARDS, PLANTED_DAYS, 20_000 + seed, UNTIL))


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--sound", type=int, default=200)
    options.add_argument("--planted", type=int, default=20)
    options.add_argument("--jobs", type=int, default=2)
    asked = options.parse_args()
    with ProcessPoolExecutor(asked.jobs) as pool:
        quiet = list(pool.map(sound, range(asked.sound)))
        loud = list(pool.map(planted, range(asked.planted)))
    false = [sorted(said) for said, _ in quiet if said]
    print(f"sound lines: {len(quiet)}, box not empty: {len(false)}")
    for names in false:
        print("  said: " + ", ".join(names))
    named = sum(len(said & wanted) for said, wanted in loud)
    plants = sum(len(wanted) for _, wanted in loud)
    more = Counter(_more(loud))
    print(f"planted lines: {len(loud)}, plants {plants}, named {named}, anything else {sum(more.values())}")
    for name, many in more.items():
        print(f"  also said: {name} ({many})")
    if len(false) > MOST_FALSE * max(1, len(quiet)) or named < plants:
        sys.exit("the box says too much or too little")


def _more(loud: list[tuple[set[str], set[str]]]) -> Iterator[str]:
    for said, wanted in loud:
        yield from said - wanted


if __name__ == "__main__":
    main()
