"""Nonces per core-second of every hashing back end, over batch sizes.

    .venv/bin/python benches/verify.py [seconds per figure]

Rates are per second of process CPU time; the rounds of the back ends are interleaved and the
median is shown, so that other work on the machine hits all of them alike. Trust the ratios.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np

from rig.bm13xx.replies import encode_nonces
from rig.work.backend import Backend, describe, hashing
from rig.work.verify import verify_batch

BATCHES = (16, 64, 256, 1024, 4096, 16384)
ROUNDS = 5
FRAMES_PER_SECOND = 18_161           # one S21 Pro board at the lowest ticket


def rate(backend: Backend, frames: np.ndarray, templates: np.ndarray, seconds: float) -> float:
    """Nonces judged per second of this process's CPU time."""
    done, started = 0, time.process_time()
    while (spent := time.process_time() - started) < seconds:
        verify_batch(frames, templates, 0xFFFF, 14, backend=backend)
        done += len(frames)
    return done / spent


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 0.2
    rng = np.random.default_rng(1)
    most = BATCHES[-1]
    templates = rng.integers(0, 256, (16, 80), dtype=np.uint8)
    frames = encode_nonces(
        rng.integers(0, 2**32, most), rng.integers(0, 16, most), 0, rng.integers(0, 2**16, most), 0
    )
    backends = hashing().backends
    for backend in backends:
        print(f"{backend.value:<16} {describe(backend)}")
    print(f"\n{'batch':>6}" + "".join(f"{backend.value:>18}" for backend in backends) + f"{'ratio':>8}")
    best = 0.0
    for size in BATCHES:
        rounds = [[rate(backend, frames[:size], templates, seconds) for backend in backends]
                  for _ in range(ROUNDS)]
        rates = [statistics.median(column) for column in zip(*rounds, strict=True)]
        best = max(best, rates[0])
        print(f"{size:>6}" + "".join(f"{value:>18,.0f}" for value in rates) + f"{rates[0] / rates[-1]:>8.1f}")
    print(f"\nboards a core at {FRAMES_PER_SECOND:,} answers a second: {best / FRAMES_PER_SECOND:,.0f}")


if __name__ == "__main__":
    main()
