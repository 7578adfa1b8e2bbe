"""Which chips stopped answering while the others went on: the sign of a chain that broke under work."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ENOUGH = 20             # answers due and none back: even a chip at half its rate does that once in a million


class SilenceWatch:
    """Looks at the answers since the last look. ``silent``: (chips,) bool, as of the last one."""

    def __init__(self, chips: int) -> None:
        self._passed = np.zeros(chips, dtype=np.int64)
        self._returned = np.zeros(chips, dtype=np.int64)
        self.silent: NDArray[np.bool_] = np.zeros(chips, dtype=np.bool_)

    def update(self, passed: NDArray[np.int64], returned: NDArray[np.int64]) -> None:
        """Take cumulative counts of answers that were due and that came, shapes (chips,)."""
        due = passed - self._passed
        if np.median(due) < ENOUGH:
            return
        self.silent = (due >= ENOUGH) & (returned == self._returned)
        self._passed, self._returned = passed.copy(), returned.copy()
