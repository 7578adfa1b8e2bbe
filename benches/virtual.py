"""The virtual gear: a good board's whole run by its plan, and what an hour of burn-in keeps of memory.

    .venv/bin/python -m benches.virtual run BOARDS
    .venv/bin/python -m benches.virtual hour                one JSON line each
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import rig
from rig.bm13xx.models import chip_model
from rig.board import BurnInTick, WarmthKeeper, WorkStream, bring_up, burn_in, ramp, soak
from rig.pytestplugin.answers import AnswerJudge
from rig.slot import Phase, Protection
from rig.testkit import VirtualBench, VirtualSlot
from rig.verdict import Verdict
from rig.work.ledger import Ledger

ROOT = Path(rig.__file__).parents[1]
FIXTURE, PLANS, PRODUCT = ROOT / "fixtures" / "sim.yaml", ROOT / "testplans", "s21pro"
SETTLED_SECONDS, HOUR_SECONDS = 300.0, 3600.0
PHASE_SECONDS = 600.0


def whole_runs(boards: int) -> dict[str, float]:
    """Simulated seconds, CPU seconds and their ratio: medians over so many different good boards.

    Everything from taking the slot to the filed record counts; the plan's files are read before.
    """
    found = []
    with tempfile.TemporaryDirectory(prefix="rig-bench-") as folder:
        bench = _bench(Path(folder))
        for seed in range(1, boards + 1):
            started = time.process_time()
            record = bench.run(seed=seed)
            found.append((record.seconds, time.process_time() - started))
            if record.verdict is not Verdict.PASS:
                raise RuntimeError(f"found {record.failure_code}, expected a good board to pass")
    simulated, spent = (statistics.median(column) for column in zip(*found, strict=True))
    return {"simulated_seconds": simulated, "cpu_seconds": spent, "speedup": simulated / spent}


def one_hour() -> dict[str, float]:
    """Resident memory, MiB, five minutes into a burn-in and at its highest within an hour."""
    with tempfile.TemporaryDirectory(prefix="rig-bench-") as folder:
        bench = _bench(Path(folder))
        slot = bench.slot(seed=7)
        judge = AnswerJudge(bench.setup.plan.product, bench.setup.plan.recipe)
        settled = 0.0
        for tick in _at_work(bench, slot):
            slot.supply.enter(Phase.HASHING, PHASE_SECONDS)
            judge.done(tick)
            if not settled and tick.seconds >= SETTLED_SECONDS:
                settled = _peak_mib()
            if tick.seconds >= HOUR_SECONDS:
                break
        slot.make_safe()
        slot.close()
    return {"settled_mib": settled, "peak_mib": _peak_mib()}


def _bench(results: Path) -> VirtualBench:
    return VirtualBench(PRODUCT, fixture=FIXTURE, results=results, plans=PLANS)


def _at_work(bench: VirtualBench, slot: VirtualSlot) -> Iterator[BurnInTick]:
    """A good board brought up, warmed and kept at work."""
    plan, pack = bench.setup.plan, bench.setup.pack
    product, recipe = plan.product, plan.recipe
    model, level = chip_model(product.chip), recipe.levels[0]
    protection = Protection(recipe.over_volts, recipe.over_amps)
    slot.prepare()
    slot.power_on()
    slot.supply.enter(Phase.PRE_OPEN, PHASE_SECONDS)
    slot.supply.on(recipe.pre_open_volts, protection, recipe.pre_open_amps)
    found = bring_up(slot, product, recipe, model)
    slot.supply.enter(Phase.RAMPING, PHASE_SECONDS)
    slot.supply.on(level.volts, protection, recipe.limit_amps)
    for _ in ramp(slot, product, recipe, level, found):
        pass
    stream = WorkStream(slot, product, recipe, pack, model)
    keeper = WarmthKeeper(slot, product, recipe, stream)
    stream.open()
    for _ in soak(slot, recipe, keeper):
        pass
    yield from burn_in(slot, stream, Ledger(pack, pack.layout, product.sweep_length, level.mhz), keeper)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    task, *words = sys.argv[1:]
    print(json.dumps(one_hour() if task == "hour" else whole_runs(int(words[0]))))


if __name__ == "__main__":
    main()
