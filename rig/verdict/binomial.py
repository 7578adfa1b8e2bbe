"""Exact binomial tails in logarithms, for numbers of trials in the thousands."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def probabilities(trials: int, chance: float) -> NDArray[np.float64]:
    """P(X = k) for k = 0..trials of a binomial with 0 < ``chance`` < 1; shape (trials + 1,)."""
    logs = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, trials + 1)))))
    count = np.arange(trials + 1)
    choose = logs[trials] - logs[count] - logs[trials - count]
    terms: NDArray[np.float64] = np.exp(
        choose + count * math.log(chance) + (trials - count) * math.log1p(-chance)
    )
    return terms


def at_least(count: int, trials: int, chance: float) -> float:
    """P(X >= count)."""
    return float(probabilities(trials, chance)[max(0, count):].sum())


def upper_tails(trials: int, chance: float) -> NDArray[np.float64]:
    """P(X > k) for k = 0..trials; shape (trials + 1,)."""
    above = np.cumsum(probabilities(trials, chance)[::-1])[::-1]
    return np.append(above[1:], 0.0)


def lower_tails(trials: int, chance: float) -> NDArray[np.float64]:
    """P(X <= k) for k = 0..trials; shape (trials + 1,)."""
    return np.cumsum(probabilities(trials, chance))


def some_of(chances: NDArray[np.float64], counts: NDArray[np.intp]) -> NDArray[np.float64]:
    """P(at least ``counts[i]`` of the independent events of row i happen).

    ``chances``: (rows, events) probabilities; ``counts``: (rows,). The Poisson-binomial tail, exact.
    """
    rows, events = chances.shape
    terms = np.zeros((rows, events + 1))
    terms[:, 0] = 1.0
    for event in range(events):
        chance = chances[:, event, np.newaxis]
        moved = terms[:, :-1] * chance
        terms *= 1.0 - chance
        terms[:, 1:] += moved
    wanted = np.arange(events + 1) >= counts[:, np.newaxis]
    tails: NDArray[np.float64] = np.where(wanted, terms, 0.0).sum(axis=1)
    return tails
