"""The virtual gear: a good board's whole run in memory, and what an hour of burn-in keeps of memory.

    .venv/bin/python -m benches.virtual run BOARDS
    .venv/bin/python -m benches.virtual hour                one JSON line each
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import cast

import rig
from benches.memoryslot import MemorySlot
from rig.bm13xx.models import chip_model
from rig.board import (
    WarmthKeeper,
    WorkStream,
    bring_up,
    burn_in,
    link_echoes,
    ramp,
    read_eeprom,
    read_sensors,
    soak,
)
from rig.pytestplugin.answers import AnswerJudge, answer_figures
from rig.recipe import load_plan
from rig.slot import Slot
from rig.verdict import ChipCall
from rig.work.ledger import Ledger
from rig.work.pack import load_pack

ROOT = Path(rig.__file__).parents[1]
FIXTURE, PLANS, PRODUCT = ROOT / "fixtures" / "sim.yaml", ROOT / "testplans", "s21pro"
SETTLED_SECONDS, HOUR_SECONDS = 300.0, 3600.0


class WholeRun:
    """A good board from cold to a verdict, in the order of the plan."""

    def __init__(self, seed: int) -> None:
        plan = load_plan(PLANS, PRODUCT)
        self.product, self.recipe = plan.product, plan.recipe
        self.level = self.recipe.levels[0]
        self.model = chip_model(self.product.chip)
        self.pack = load_pack(plan.pack_path(simulated=True))
        self.memory = MemorySlot(FIXTURE, PLANS, seed)
        self.slot = cast(Slot, self.memory)
        self.ledger = Ledger(self.pack, self.pack.layout, self.product.sweep_length, self.level.mhz)

    def warm(self) -> tuple[WorkStream, WarmthKeeper]:
        """Identity, bring-up, ramp and soak: a board at work and at its temperature."""
        slot, product, recipe = self.slot, self.product, self.recipe
        if not link_echoes(slot) or read_eeprom(slot, product).identity is None:
            raise RuntimeError("found a slot without echo or EEPROM, expected a good board")
        read_sensors(slot, product)
        self.memory.power(recipe.pre_open_volts, recipe.limit_amps)
        found = bring_up(slot, product, recipe, self.model)
        self.memory.power(self.level.volts + 0.27, recipe.limit_amps)
        for _ in ramp(slot, product, recipe, self.level, found):
            self.memory.watts()
        stream = WorkStream(slot, product, recipe, self.pack, self.model)
        keeper = WarmthKeeper(slot, product, recipe, stream)
        stream.open()
        if not list(soak(slot, recipe, keeper))[-1].warm:
            raise RuntimeError("found a board that did not warm up, expected a good one")
        return stream, keeper

    def judge(self) -> float:
        """The whole run to its verdict; returns its seconds on the virtual clock."""
        stream, keeper = self.warm()
        judge, second = AnswerJudge(self.product, self.recipe), 0
        for tick in burn_in(self.slot, stream, self.ledger, keeper):
            if tick.seconds >= second:
                self.memory.watts()
                second += 1
            if judge.done(tick):
                break
        figures = answer_figures(judge, self.product, self.level.mhz, self.model.positions)
        if not (figures.calls == ChipCall.GOOD).all():
            raise RuntimeError("found a chip that is not good, expected a good board")
        return self.memory.clock.now()


def whole_runs(boards: int) -> dict[str, float]:
    """Simulated seconds, CPU seconds and their ratio: medians over so many different good boards.

    Each board's files and pack are read before its time begins.
    """
    found = []
    for seed in range(1, boards + 1):
        run = WholeRun(seed)
        started = time.process_time()
        found.append((run.judge(), time.process_time() - started))
    simulated, spent = (statistics.median(column) for column in zip(*found, strict=True))
    return {"simulated_seconds": simulated, "cpu_seconds": spent, "speedup": simulated / spent}


def one_hour() -> dict[str, float]:
    """Resident memory, MiB, five minutes into a burn-in and at its highest within an hour."""
    run = WholeRun(7)
    stream, keeper = run.warm()
    judge = AnswerJudge(run.product, run.recipe)
    settled = 0.0
    for tick in burn_in(run.slot, stream, run.ledger, keeper):
        judge.done(tick)
        if not settled and tick.seconds >= SETTLED_SECONDS:
            settled = _peak_mib()
        if tick.seconds >= HOUR_SECONDS:
            break
    return {"settled_mib": settled, "peak_mib": _peak_mib()}


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    task, *words = sys.argv[1:]
    print(json.dumps(one_hour() if task == "hour" else whole_runs(int(words[0]))))


if __name__ == "__main__":
    main()
