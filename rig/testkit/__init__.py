"""For authors of test plans: a slot with faults and a clock of its own, and whole runs in a second.

    bench = VirtualBench("s21pro", fixture=Path("fixtures/sim.yaml"), results=tmp_path)
    record = bench.run([{"kind": "dead_chip", "chip": 32}], seed=7)
    assert record.failure_code == "CHAIN-SHORT"
"""

from rig.testkit.bench import VirtualBench
from rig.testkit.clock import SharedClock
from rig.testkit.slot import VirtualSlot

__all__ = ["SharedClock", "VirtualBench", "VirtualSlot"]
