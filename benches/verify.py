"""Nonces per core-second of every hashing back end, over batch sizes.

Rates are per second of process CPU time; the rounds of the back ends are interleaved and the median
is taken, so that other work on the machine hits all of them alike. Trust the ratios.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rig.bm13xx.replies import encode_nonces
from rig.work.backend import Backend, hashing
from rig.work.verify import verify_batch

BATCHES = (16, 64, 256, 1024, 4096, 16384)
ROUNDS = 5
FRAMES_PER_SECOND = 18_161           # one S21 Pro board at the lowest ticket

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Rates:
    """Nonces per core-second: of each back end, one for each of ``BATCHES``."""

    of: dict[Backend, tuple[float, ...]]

    def best(self, backend: Backend) -> float:
        """At the batch size that suits it best."""
        return max(self.of[backend])

    @property
    def native(self) -> float:
        """Of the best back end there is; Python's own where nothing else is."""
        return self.best(next(iter(self.of)))

    @property
    def python(self) -> float:
        return self.best(Backend.PYTHON)

    @property
    def ratio(self) -> float:
        """Native to Python, the median over batch sizes of 1024 and more: one run, interleaved."""
        native = self.of[next(iter(self.of))]
        return statistics.median(
            one / other for size, one, other in zip(BATCHES, native, self.of[Backend.PYTHON], strict=True)
            if size >= 1024
        )


def measure(seconds: float) -> Rates:
    """All back ends; ``seconds`` of CPU for each figure of each of five rounds."""
    rng = np.random.default_rng(1)
    most = BATCHES[-1]
    templates = rng.integers(0, 256, (16, 80), dtype=np.uint8)
    frames = encode_nonces(
        rng.integers(0, 2**32, most), rng.integers(0, 16, most), 0, rng.integers(0, 2**16, most), 0
    )
    backends = hashing().backends
    columns: dict[Backend, list[float]] = {backend: [] for backend in backends}
    for size in BATCHES:
        rounds = [[_rate(one, frames[:size], templates, seconds) for one in backends] for _ in range(ROUNDS)]
        for backend, found in zip(backends, zip(*rounds, strict=True), strict=True):
            columns[backend].append(statistics.median(found))
    return Rates({backend: tuple(found) for backend, found in columns.items()})


def _rate(backend: Backend, frames: Bytes, templates: Bytes, seconds: float) -> float:
    """Nonces judged per second of this process's CPU time."""
    done, started = 0, time.process_time()
    while (spent := time.process_time() - started) < seconds:
        verify_batch(frames, templates, 0xFFFF, 14, backend=backend)
        done += len(frames)
    return done / spent
