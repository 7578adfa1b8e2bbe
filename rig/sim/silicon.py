"""The silicon lottery, and how many known answers a chip gives back.

Distribution of a good board: docs/scenarios.md. The margin formula is an assumed one (docs/scenarios.md):
f_max = 655 + 900 (V - 1.046) - 0.8 (T - 56) MHz a chip, one sigma 12 MHz, binned so that a good
board's chips hold the nominal point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rig.recipe import Product
from rig.sim.arrays import Floats

NOMINAL_DOMAIN_VOLTS = 1.046
NOMINAL_CELSIUS = 56.0
FAST_MHZ, MHZ_PER_VOLT, MHZ_PER_CELSIUS = 655.0, 900.0, -0.8
SPREAD_MHZ, MISS_SLOPE_MHZ = 12.0, 6.0
# A chip slower than this at the nominal point was binned out before it was soldered.
BINNED_MHZ = 653.0
WRONG_SHARE = 0.1                  # of the misses, those that come back as wrong answers

_HIT_MEAN, _HIT_SIGMA, _HIT_LEAST = 0.9992, 0.0003, 0.9975
_WATTS_SIGMA, _THERMAL_SIGMA, _DOMAIN_SIGMA, _SENSOR_SIGMA = 0.02, 0.05, 0.010, 1.0
_TAIL = 2.5                        # sigmas beyond which a board would not be called good


@dataclass(frozen=True, slots=True)
class Lottery:
    """What one good board drew.

    ``hit_rate``, ``watts`` (factor) and ``fast_mhz`` are (chips,); ``domain_offsets`` (domains,)
    volts that sum to 0; ``sensor_errors`` (sensors,) kelvin; ``thermal`` a factor.
    """

    seed: int
    hit_rate: Floats
    watts: Floats
    fast_mhz: Floats
    thermal: float
    domain_offsets: Floats
    sensor_errors: Floats


def draw(product: Product, seed: int) -> Lottery:
    """The board of a seed: the same seed gives the same board."""
    rng = np.random.default_rng([seed, 1])
    hit_rate = rng.normal(_HIT_MEAN, _HIT_SIGMA, product.chips)
    watts = 1 + _WATTS_SIGMA * _clipped(rng, product.chips)
    speed = SPREAD_MHZ * rng.standard_normal(product.chips)
    thermal = 1 + _THERMAL_SIGMA * float(_clipped(rng, 1)[0])
    offsets = _DOMAIN_SIGMA * _clipped(rng, product.domains)
    offsets -= offsets.mean()
    sensors = _SENSOR_SIGMA * _clipped(rng, product.sensors)
    nominal = FAST_MHZ + MHZ_PER_VOLT * np.repeat(offsets, product.chips_per_domain)
    return Lottery(
        seed=seed,
        hit_rate=np.clip(hit_rate, _HIT_LEAST, 1.0),
        watts=watts,
        fast_mhz=FAST_MHZ + np.maximum(speed, BINNED_MHZ - nominal),
        thermal=thermal,
        domain_offsets=offsets,
        sensor_errors=sensors,
    )


def hit_rate(base: Floats, fast_mhz: Floats, volts: Floats, mhz: Floats, celsius: float) -> Floats:
    """The share of its known answers each chip returns right, (chips,), at its domain's volts."""
    limit = (
        fast_mhz
        + MHZ_PER_VOLT * (volts - NOMINAL_DOMAIN_VOLTS)
        + MHZ_PER_CELSIUS * (celsius - NOMINAL_CELSIUS)
    )
    margin = np.minimum(np.maximum((limit - mhz) / MISS_SLOPE_MHZ, -60), 60)
    rate: Floats = np.minimum(np.maximum(base - 1 / (1 + np.exp(margin)), 0.0), 1.0)
    return rate


def _clipped(rng: np.random.Generator, count: int) -> Floats:
    return np.clip(rng.standard_normal(count), -_TAIL, _TAIL)
