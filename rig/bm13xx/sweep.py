"""HASH_COUNTING_NUMBER: how long a chip works on one batch of versions, and how far it gets.

A batch is 16 rolled versions, worked on side by side. Every core sweeps its nonce counter for the
same time whatever the clock is. The formula was fitted to BM1370 logs (bitaxeorg/ESP-Miner issues
#588 and #544); 256foundation/mujina ``mujina-miner/src/asic/bm13xx/REFERENCE.md`` has half of it,
which the logs contradict.
"""

from __future__ import annotations

import math

from rig.bm13xx.pll import CRYSTAL_MHZ

VERSIONS_PER_BATCH = 16
BATCHES = 0x10000 // VERSIONS_PER_BATCH
_OVERRUN = 134                       # register counts a batch lasts beyond its programmed length


def batch_seconds(sweep_length: int) -> float:
    """Seconds one batch of 16 versions lasts; infinite for 0, which stops hashing."""
    if not sweep_length:
        return math.inf
    return 2 * (sweep_length + _OVERRUN) / (CRYSTAL_MHZ * 1e6)


def window_counts(sweep_length: int, mhz: float) -> int:
    """How many nonces each core tries in a batch at a hash clock of ``mhz``, from its start on."""
    if not sweep_length:
        return 0
    return int(2 * (sweep_length + _OVERRUN) * mhz / CRYSTAL_MHZ)


def version_space_seconds(sweep_length: int) -> float:
    """Seconds until all 65,536 versions are used up and the chip repeats itself."""
    return BATCHES * batch_seconds(sweep_length)
