"""Is the wire good enough to judge a board over it, and what of its damage is no chip's miss?

Three parts share the work, so that a noisy wire is never a weak chip:

- A damaged reply that still names its answer is struck from the trials by the ledger, hit or miss.
  As only answers that were sent can be struck, a chip's misses grow by the share struck of
  themselves (0.005 by a fiftieth where 2 % are struck): what the recipe's ``trial_uncertainty`` is for.
- The few that name nothing (``loss_share``; at the limits below some 0.0003 of all) are spread over
  the chips as their expectation and taken off the trials: ``less_lost``. What chance adds to that
  is small beside the misses that a good chip may have, 0.005; ``unnamed_share`` is limited to 0.001
  for that reason. Both risks of the test are held by a seeded simulation among the tests.
- Beyond the limits in limits.yaml the station is at fault (STN-WIRE) and the board is not judged.
  They are judged in windows, each long enough to tell the limit from half of it without doubt, so
  that noise is told two seconds after it began and is not diluted by the quiet before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

WINDOW_FRAMES = 40_000         # 2.2 s of a full S21 Pro board at the lowest ticket
FEWEST_DAMAGED = 20            # below so many a window that was cut short says nothing
REPLY_BYTES = 11               # 256foundation/mujina mujina-miner/src/asic/bm13xx/REFERENCE.md
UNNOTICED = 32 / 31            # one corrupt frame in 32 has a right CRC-5 all the same


@dataclass(frozen=True, slots=True)
class WireCount:
    """Counts of one stretch of the wire: whole frames, frames with turned bits, bytes."""

    frames: int = 0
    corrupt: int = 0
    received_bytes: int = 0
    missing_bytes: int = 0

    @property
    def corrupt_share(self) -> float:
        """Of the frames sent, those with turned bits, the unnoticed ones estimated."""
        return min(1.0, UNNOTICED * self.corrupt / max(1, self.frames + self.corrupt))

    @property
    def missing_share(self) -> float:
        """Of the bytes sent, those that were lost."""
        return self.missing_bytes / max(1, self.received_bytes + self.missing_bytes)

    @property
    def worth(self) -> float:
        """Frames' worth of bytes that were sent."""
        return (self.received_bytes + self.missing_bytes) / REPLY_BYTES

    def since(self, before: WireCount) -> WireCount:
        """What came after ``before``, an earlier count of the same wire."""
        return WireCount(
            self.frames - before.frames, self.corrupt - before.corrupt,
            self.received_bytes - before.received_bytes, self.missing_bytes - before.missing_bytes,
        )


class WireWatch:
    """Keeps the worst shares of any window of one wire."""

    def __init__(self) -> None:
        self._begun = self._last = WireCount()
        self.corrupt_share = 0.0
        self.missing_share = 0.0

    def update(self, count: WireCount) -> None:
        """Take the counts so far."""
        self._last = count
        if count.since(self._begun).worth >= WINDOW_FRAMES:
            self._take()

    def settle(self) -> None:
        """No more will come: the window under way counts too, if it has seen enough."""
        left = self._last.since(self._begun)
        if left.corrupt + left.missing_bytes >= FEWEST_DAMAGED:
            self._take()

    def _take(self) -> None:
        window = self._last.since(self._begun)
        self._begun = self._last
        self.corrupt_share = max(self.corrupt_share, window.corrupt_share)
        self.missing_share = max(self.missing_share, window.missing_share)


def loss_share(answers: int, excused: int, unnamed: int) -> float:
    """Of all the replies sent, those that came damaged and name no answer."""
    return unnamed / max(1, answers + excused + unnamed)


def less_lost(trials: ArrayLike, share: float) -> NDArray[np.int64]:
    """Trials of each chip, less those whose replies were lost unnamed: ``share`` of them, rounded up."""
    counted = np.asarray(trials, dtype=np.int64)
    left: NDArray[np.int64] = counted - np.ceil(counted * share).astype(np.int64)
    return left
