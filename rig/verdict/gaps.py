"""Moments in which most of a board's chips lost answers at once: no chip does that, and no slow board for
a moment only. What came outside them says whether the board is sound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DUE = 8                 # answers of the busiest chip between two looks
LOST = 8                # of a chip's answers in one look: a good chip loses one in a thousand
LOST_SHARE = 0.2        # and of those due
CHIPS_SHARE = 0.5       # so many chips at once


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """``seen``: looks that were gaps. ``trials``, ``hits``: (chips,) answers due and come outside them."""

    seen: int
    trials: NDArray[np.int64]
    hits: NDArray[np.int64]

    @property
    def rate_outside(self) -> float:
        """The board's share of answers outside the gaps; NaN when none were due there."""
        due = int(self.trials.sum())
        return int(self.hits.sum()) / due if due else float("nan")


class GapWatch:
    """Is told what was due and what came, and keeps the gaps apart."""

    def __init__(self, chips: int) -> None:
        self._due = np.zeros(chips, dtype=np.int64)
        self._came = np.zeros(chips, dtype=np.int64)
        self._gap_due, self._gap_came = self._due.copy(), self._came.copy()
        self._seen = 0

    def update(self, due: NDArray[np.int64], came: NDArray[np.int64]) -> None:
        """Take cumulative counts, shapes (chips,). Looks too short to say anything are joined."""
        new_due, new_came = due - self._due, came - self._came
        if new_due.max(initial=0) < DUE:
            return
        lost = new_due - new_came
        if np.mean((lost >= LOST) & (lost >= LOST_SHARE * new_due)) > CHIPS_SHARE:
            self._seen += 1
            self._gap_due += new_due
            self._gap_came += new_came
        self._due, self._came = due.copy(), came.copy()

    @property
    def gaps(self) -> Gaps:
        """All so far."""
        return Gaps(self._seen, self._due - self._gap_due, self._came - self._gap_came)
