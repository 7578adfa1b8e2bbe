"""The chain's layout: addresses, and which chip a nonce came from.

No bit of a nonce names its chip. Each chip starts its 25-bit counter at its own CHIP_NONCE_OFFSET,
so the slice a counter lies in tells the chip. Source: 256foundation/mujina
``mujina-miner/src/asic/bm13xx/REFERENCE.md`` and GPTechinno/bm13xx-rs ``bm1370/src/lib.rs``
(offsets captured at both ends of a 65-chip chain). By range is consistent with every frame
checked, but no source has proved it chip by chip on a long chain.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rig.errors import UsageError

COUNTER_BITS = 25
OFFSET_SHIFT = 9                     # the 16-bit offset lands in counter bits 24..9
_OFFSETS = 1 << (COUNTER_BITS - OFFSET_SHIFT)
_LAST_ADDRESS = 0xFF

Index = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class ChainLayout:
    """``chips`` chips in chain order, chip i at address ``i * address_interval``.

    Raises UsageError when the addresses do not fit one byte.
    """

    chips: int
    address_interval: int
    _chip_of_offset: Index = field(init=False, repr=False, compare=False)
    _slice_starts: npt.NDArray[np.int64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.chips < 1 or self.address_interval < 1:
            raise UsageError(
                f"a chain of {self.chips} chips at interval {self.address_interval}: both must be 1 or more"
            )
        if (self.chips - 1) * self.address_interval > _LAST_ADDRESS:
            raise UsageError(
                f"{self.chips} chips at address interval {self.address_interval} "
                f"need addresses beyond 0xFF"
            )
        starts = np.array([self.nonce_offset(chip) for chip in range(self.chips)], dtype=np.int64)
        table = np.searchsorted(starts, np.arange(_OFFSETS), side="right") - 1
        object.__setattr__(self, "_slice_starts", starts << OFFSET_SHIFT)
        object.__setattr__(self, "_chip_of_offset", table.astype(np.intp))

    def address(self, chip: int) -> int:
        """The address of the ``chip``-th chip from the host."""
        return chip * self.address_interval

    def nonce_offset(self, chip: int) -> int:
        """The 16-bit value for CHIP_NONCE_OFFSET of a chip."""
        return _OFFSETS * chip // self.chips + 1 if chip else 0

    def slice_start(self, chip: int) -> int:
        """The counter value at which a chip's sweep starts."""
        return self.nonce_offset(chip) << OFFSET_SHIFT

    def chip_of(self, counter: npt.ArrayLike) -> Index:
        """The chip whose slice holds each 25-bit counter value."""
        chips: Index = self._chip_of_offset[np.asarray(counter) >> OFFSET_SHIFT]
        return chips

    def position(self, counter: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """How many counts past the start of its slice each 25-bit counter value lies."""
        values = np.asarray(counter).astype(np.int64)
        counts: npt.NDArray[np.int64] = values - self._slice_starts[self.chip_of(values)]
        return counts
