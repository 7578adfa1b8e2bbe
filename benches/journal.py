"""What a measurement costs the driver loop: from the judged values to its line in the journal."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from rig.clock import SystemClock
from rig.recipe import Limit, Limits, MeasurementSpec
from rig.recipe.limits import Dimension
from rig.records import Journal, Kind, MeasurementRecord
from rig.verdict import Judge, Measurement

ROUNDS, EACH = 5, 1_000


def measure() -> dict[str, float]:
    """Microseconds of CPU a measurement, the best of some rounds: of one value, and of 65."""
    limits = Limits(limits="bench", version=1, measurements={
        "one": MeasurementSpec(unit="W", says="board power", limit=Limit(at_most=1085), code="POWER-HIGH"),
        "chips": MeasurementSpec(unit="1", says="hit rate of each chip", over=Dimension.CHIP,
                                 limit=Limit(at_least=0.99), code="CHIP-WEAK"),
    })
    judge = Judge(limits, {Dimension.CHIP: 65})
    with tempfile.TemporaryDirectory(prefix="rig-") as folder, \
            Journal(Path(folder) / "journal.jsonl", SystemClock()) as journal:
        return {
            "one value": _microseconds(journal, judge.take("one", 1051.25, at_seconds=12.5)),
            "65 values": _microseconds(journal, judge.take("chips", [0.99512] * 65, at_seconds=12.5)),
        }


def _microseconds(journal: Journal, taken: Measurement) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.thread_time()
        for _ in range(EACH):
            journal.keep(Kind.MEASUREMENT, MeasurementRecord.of(taken))
        best = min(best, time.thread_time() - began)
        journal.sync()
    return best / EACH * 1e6
