"""The registers inside the cores, which hosts reach through CORE_MAILBOX.

Word and registers: GPTechinno/bm13xx-rs ``bm1370/src/lib.rs`` and 256foundation/mujina
``mujina-miner/src/asic/bm13xx/REFERENCE.md``; captures hold writes to all cores only.
"""

from __future__ import annotations

import numpy as np

from rig.sim.arrays import Flags, Index, Words

ENABLE_REGISTER, ENABLED = 0x02, 0xAA
ALL_CORES, WRITE = 1 << 31, 1 << 15
FOUND = 1 << 8
_CORE_REGISTERS = 32
_RESETS = {0x00: 0x52, 0x02: 0x55, 0x06: 0x08}


class Cores:
    """``cores`` cores in each of ``count`` chips, with 32 registers of a byte each."""

    def __init__(self, count: int, cores: int) -> None:
        self._cores = cores
        self._values = np.zeros((count, _CORE_REGISTERS, cores), dtype=np.uint8)

    def reset(self, which: Flags) -> None:
        """Those of the chips in ``which`` (count,)."""
        self._values[which] = 0
        for register, value in _RESETS.items():
            self._values[which, register] = value

    @property
    def enabled(self) -> Flags:
        """(count, cores)"""
        enabled: Flags = self._values[:, ENABLE_REGISTER] == ENABLED
        return enabled

    def obey(self, word: int, chips: Index) -> Words | None:
        """Act on a CORE_MAILBOX word; a read returns what CORE_VALUE of each chip then holds."""
        register, value = word >> 8 & 0x1F, word & 0xFF
        core = (word >> 16 & 0x1FF) % self._cores
        if word & WRITE:
            self._values[chips, register, slice(None) if word & ALL_CORES else core] = value
            return None
        found: Words = np.uint32(core << 16 | FOUND) | self._values[chips, register, core].astype(np.uint32)
        return found
