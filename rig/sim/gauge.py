"""How true an instrument reads: a gain error it always has, and a little noise."""

from __future__ import annotations

import numpy as np

ACCURACY = 0.0005                  # stated, of reading
_NOISE_SHARE = 0.05                # of the accuracy, one sigma


class Gauge:
    """One quantity of one instrument. Its gain error lies well inside what is stated."""

    def __init__(self, seed: int, number: int) -> None:
        self._rng = np.random.default_rng([seed, 5, number])
        self._gain = 1 + float(self._rng.uniform(-0.6, 0.6)) * ACCURACY

    def read(self, value: float) -> float:
        noise = float(self._rng.standard_normal()) * ACCURACY * _NOISE_SHARE
        return value * (self._gain + noise)
