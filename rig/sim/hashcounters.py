"""The chips' hash counters: one for each quarter of the cores, one for the chip.

Numbers and unit as bitaxeorg/ESP-Miner ``main/tasks/hashrate_monitor_task.c`` polls them.
"""

from __future__ import annotations

import numpy as np

from rig.bm13xx.registers import Register
from rig.sim.arrays import Flags, Floats, Index

QUARTERS = 4
HASHES_PER_COUNT = 2.0**32
# by their column
COUNTERS: dict[int, int] = {
    Register.HASH_COUNTER_DOMAIN0: 0, Register.HASH_COUNTER_DOMAIN1: 1, Register.HASH_COUNTER_DOMAIN2: 2,
    Register.HASH_COUNTER_DOMAIN3: 3, Register.HASH_COUNTER_TOTAL: 4,
}


class HashCounters:
    """Of ``count`` chips. They run at ``pace``, (count, 5) counts a second."""

    def __init__(self, count: int) -> None:
        self._counts: Floats = np.zeros((count, QUARTERS + 1))
        self.pace: Floats = np.zeros_like(self._counts)

    def reset(self, which: Flags) -> None:
        self._counts[which] = 0

    def write(self, chips: Index, register: int, value: int) -> None:
        self._counts[chips, COUNTERS[register]] = value

    def read(self, chip: int, register: int) -> int:
        return int(self._counts[chip, COUNTERS[register]]) & 0xFFFF_FFFF

    def run(self, working: Flags, seconds: float) -> None:
        self._counts += self.pace * (working * seconds)[:, None]


def pace_of(mhz: Floats, working_cores: Flags, positions: int) -> Floats:
    """(count, 5) counts a second of chips whose clocks are (count,), by their cores that work,
    (count, cores), where ``positions`` sub-cores try a nonce each a clock."""
    count = len(mhz)
    share = np.zeros((count, QUARTERS + 1))
    share[:, :QUARTERS] = working_cores.reshape(count, QUARTERS, -1).mean(axis=2) / QUARTERS
    share[:, QUARTERS] = share.sum(axis=1)
    return (mhz * (1e6 * positions / HASHES_PER_COUNT))[:, None] * share
