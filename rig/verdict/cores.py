"""Do a chip's misses sit in whole cores, or are they spread over all of them?

A core that gave back none of its known answers is dead, unless so many silent cores are what
chance leaves at the chip's own hit rate. Both are exact: a core needs MIN_TRIALS answers to be
looked at (a good core, 0.995, stays silent for four with 6e-10; for all 8,320 cores of a board
5e-6), and the number of silent cores of a chip must have a Poisson-binomial tail of at most
CHIP_RISK. At the S21 Pro's spread of answers every core of a chip has MIN_TRIALS after about
2,200 answers a chip; ``cores_decided`` says when.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rig.recipe.recipe import Decision
from rig.verdict.binomial import some_of
from rig.verdict.sequential import ChipCall, SequentialTest

MIN_TRIALS = 4
CHIP_RISK = 1e-6          # spread misses taken for dead cores, per chip
FAILING_CORES = 3         # dead cores that fail a chip whatever its hit rate


def cores_decided(core_trials: ArrayLike) -> NDArray[np.bool_]:
    """Which chips' cores all had enough trials to be called; (chips, cores) to (chips,)."""
    return np.asarray(np.asarray(core_trials).min(axis=1) >= MIN_TRIALS)


def dead_cores(core_trials: ArrayLike, core_hits: ArrayLike) -> NDArray[np.bool_]:
    """Which cores are dead. Shapes (chips, cores) in and out.

    A chip that answered nothing at all has no dead cores: nothing tells them from a dead chip.
    """
    trials = np.asarray(core_trials, dtype=np.int64)
    hits = np.asarray(core_hits, dtype=np.int64)
    counted = trials >= MIN_TRIALS
    silent = counted & (hits == 0)
    total = trials.sum(axis=1)
    rate = np.where(total > 0, hits.sum(axis=1) / np.maximum(1, total), 1.0)
    chances = np.where(counted, (1.0 - rate)[:, np.newaxis] ** trials, 0.0)
    suspect = silent.any(axis=1) & (rate > 0.0)
    believed = np.zeros(len(trials), dtype=np.bool_)
    if suspect.any():
        tails = some_of(chances[suspect], silent[suspect].sum(axis=1))
        believed[suspect] = tails <= CHIP_RISK
    return np.asarray(silent & believed[:, np.newaxis])


def weak_cores(decision: Decision, core_trials: ArrayLike, core_hits: ArrayLike) -> NDArray[np.bool_]:
    """Which cores the sequential test calls bad though the rest of their chip is not, dead ones included.

    Shapes (chips, cores) in and out. A weak chip's cores are all weak: there none stands out.
    """
    trials = np.asarray(core_trials, dtype=np.int64)
    hits = np.asarray(core_hits, dtype=np.int64)
    bad = SequentialTest.for_cores(decision, trials.size).judge(trials, hits) == ChipCall.BAD
    rest_trials, rest_hits = outside(trials, bad), outside(hits, bad)
    sound = rest_hits >= decision.bad_hit_rate * np.maximum(1, rest_trials)
    return np.asarray(bad & sound[:, np.newaxis])


def outside(counts: ArrayLike, dead: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Sum of a (chips, cores) count over the cores that are not dead; (chips,)."""
    alive: NDArray[np.int64] = np.where(dead, 0, np.asarray(counts)).sum(axis=1, dtype=np.int64)
    return alive
