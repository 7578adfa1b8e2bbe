"""The chips' own counters of hashes and errors, read between the answers while they work.

A count of HASH_COUNTER_TOTAL stands for 2^32 hashes; the counters have 32 bits and wrap
(bitaxeorg/ESP-Miner ``main/tasks/hashrate_monitor_task.c``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rig.bm13xx.chain import ChainLayout
from rig.bm13xx.registers import Register
from rig.board.work_stream import WorkStream
from rig.clock import Clock
from rig.recipe import Product

HASHES_PER_COUNT = 2.0**32
WRAP = 1 << 32
ANSWER_SECONDS = 0.5
LEAST_SECONDS = 1.0             # between the first look and the last; less says nothing


class HashCounters:
    """Looks now and then; rates are between the first look and the last. Chips that did not answer: NaN."""

    def __init__(self, product: Product, clock: Clock) -> None:
        self._layout = ChainLayout(product.chips, product.address_interval)
        self._clock = clock
        self._at: list[float] = []
        self._before: NDArray[np.float64] = np.full((2, product.chips), np.nan)
        self._gained: NDArray[np.float64] = np.zeros((2, product.chips))

    def look(self, stream: WorkStream) -> None:
        """Read both counters of all chips within the stream. Raises LinkError."""
        self._at.append(self._clock.now())
        now = np.stack([
            self._values(stream.ask(register, seconds=ANSWER_SECONDS))
            for register in (Register.HASH_COUNTER_TOTAL, Register.NONCE_ERROR_COUNTER)
        ])
        if len(self._at) > 1:
            self._gained += (now - self._before) % WRAP
        self._before = now

    @property
    def terahash_per_second(self) -> NDArray[np.float64]:
        """(chips,) by the chips' own count; NaN before two looks."""
        if len(self._at) < 2 or self._at[-1] - self._at[0] < LEAST_SECONDS:
            return np.full(self._gained.shape[1], np.nan)
        rate: NDArray[np.float64] = self._gained[0] * HASHES_PER_COUNT / (self._at[-1] - self._at[0]) / 1e12
        return rate

    @property
    def errors(self) -> NDArray[np.float64]:
        """(chips,) errors counted by the chips since the first look; NaN before two."""
        return self._gained[1] if len(self._at) > 1 else np.full(self._gained.shape[1], np.nan)

    def _values(self, found: dict[int, int]) -> NDArray[np.float64]:
        chips = self._gained.shape[1]
        return np.array([found.get(self._layout.address(chip), np.nan) for chip in range(chips)])
