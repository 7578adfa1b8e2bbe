"""Which of a pack's answers chips can give: those within the window of each one's clock, past the ticket."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rig.bm13xx.sweep import window_counts
from rig.work.pack import Pack

Clocks = float | Sequence[float]        # MHz: of all chips, or (chips,) one each


def within_reach(
    pack: Pack, mhz: Clocks, ticket_zero_bits: int, sweep_length: int | None = None
) -> npt.NDArray[np.bool_]:
    """(answers,) of chips at ``mhz``; ``sweep_length`` is the pack's own unless given.

    Raises ValueError for another number of clocks than the pack has chips.
    """
    length = pack.sweep_length if sweep_length is None else sweep_length
    clocks = np.broadcast_to(np.asarray(mhz, dtype=np.float64), (pack.chips,)).tolist()
    windows = np.array([window_counts(length, clock) for clock in clocks], dtype=np.int64)
    within = pack.layout.position(pack.counter) < windows[pack.chip_index]
    within &= pack.zero_bits >= pack.required_zero_bits + ticket_zero_bits
    return np.asarray(within, dtype=np.bool_)
