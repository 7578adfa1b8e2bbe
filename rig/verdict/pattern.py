"""The incumbent's figures: how many patterns each sub-core gave back, and what follows for its chip.

Rules as the S21 Pro's own test program grades (HashSource/bitmain_antminer_binaries, S21pro,
get_asic_nonce_status, check_nonce_rate): a sub-core that returns fewer than so many of its patterns is
bad, a chip with too many bad ones or too low a rate is, and each quarter of a domain's cores must give
at least half of what quarters give on average. There every sub-core has the same number of patterns;
with more than ``patterns`` of them the same share is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.recipe.recipe import FullPattern

CORE_DOMAINS = 4                     # stacks of a domain: a quarter of each chip's cores

Counts = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class PatternFigures:
    """What the patterns came to. NaN where nothing was asked.

    ``bad_sub_cores``, ``short_sub_cores`` (asked less often than the recipe wants) and ``chip_rate``
    are (chips,); ``domain_balance`` (domains,): the least of a domain's four against the mean of all.
    """

    bad_sub_cores: NDArray[np.int64]
    short_sub_cores: NDArray[np.int64]
    chip_rate: NDArray[np.float64]
    domain_balance: NDArray[np.float64]
    board_rate: float


def pattern_figures(
    trials: Counts, hits: Counts, present: NDArray[np.bool_], criteria: FullPattern, chips_per_domain: int
) -> PatternFigures:
    """Grade (chips, cores, 16) counts. ``present`` (cores, 16): the sub-cores that are there."""
    lacking = criteria.patterns * hits.astype(np.int64) < criteria.least_hits * trials.astype(np.int64)
    short = present & (trials < criteria.patterns)
    chip_trials = trials.sum(axis=(1, 2), dtype=np.int64)
    chip_hits = hits.sum(axis=(1, 2), dtype=np.int64)
    return PatternFigures(
        bad_sub_cores=np.count_nonzero(lacking, axis=(1, 2)).astype(np.int64),
        short_sub_cores=np.count_nonzero(short, axis=(1, 2)).astype(np.int64),
        chip_rate=_ratio(chip_hits, chip_trials),
        domain_balance=domain_balance(trials, hits, chips_per_domain),
        board_rate=float(_ratio(chip_hits.sum(keepdims=True), chip_trials.sum(keepdims=True))[0]),
    )


def domain_balance(trials: Counts, hits: Counts, chips_per_domain: int) -> NDArray[np.float64]:
    """(domains,) the least share of a domain's four core stacks against the mean of all; NaN where
    nothing was asked. Takes (chips, cores, parts of a core) counts."""
    def by_stack(counts: Counts) -> NDArray[np.int64]:
        cores = counts.shape[1]
        each = counts.sum(axis=2, dtype=np.int64)
        quarters = each.reshape(-1, chips_per_domain, CORE_DOMAINS, cores // CORE_DOMAINS)
        return np.asarray(quarters.sum(axis=(1, 3)))

    # shares of what was asked: packs do not ask every quarter equally often
    shares = _ratio(by_stack(hits), by_stack(trials))
    return _ratio(shares.min(axis=1), np.full(len(shares), shares.mean()))


def _ratio(part: NDArray[np.generic], whole: NDArray[np.generic]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.asarray(part, np.float64) / np.asarray(whole, np.float64))
