"""Which chips stopped answering while others went on: the sign of a chain that broke under work."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ENOUGH = 40             # answers of the busiest chip since the last look: a chip at half its rate gave some
LEAST_SECONDS = 0.3     # between looks; a full board's chip gives 80 answers in it
SURE_LOG = 16.0         # one in nine million


class SilenceWatch:
    """Looks at how much was heard of each chip. ``lost_from``: the chip from which on all are silent."""

    def __init__(self, chips: int) -> None:
        self._heard = np.zeros(chips, dtype=np.int64)
        self._since = -np.inf
        self.lost_from: int | None = None

    def update(self, heard: NDArray[np.int64], now: float) -> None:
        """Take cumulative counts of what came, right or wrong; shape (chips,)."""
        gained = heard - self._heard
        if now - self._since < LEAST_SECONDS or gained.max() < ENOUGH:
            return
        silent = gained == 0
        kept = len(silent) - int(np.argmin(silent[::-1]))
        self.lost_from = kept if kept < len(silent) else None
        self._heard, self._since = heard.copy(), now

    def restart(self, heard: NDArray[np.int64], now: float) -> None:
        """Begin anew: what came so far says nothing of what comes."""
        self._heard, self._since, self.lost_from = heard.copy(), now, None


def broken_before(heard_last: NDArray[np.int64]) -> int | None:
    """The chip before which the chain broke, told from the last answers of a board then switched off.

    ``heard_last`` (chips,): which of all answers was each chip's last. After a break only those in
    front of it go on. None where that many answers may well leave out so many chips by chance.
    """
    chips = len(heard_last)
    later = np.maximum.accumulate(heard_last[::-1])[::-1][1:]       # of any chip from 1, 2, ... on
    without = heard_last.max() - later
    doubt = without * np.log(chips / np.arange(1, chips))
    at = int(np.argmax(doubt))
    return at + 1 if doubt[at] > SURE_LOG else None
