"""The hash clock: frequency in MHz ↔ value of PLL0_PARAMETER.

f = 25 MHz x FB / (REF x P1 x P2). The rule of choice reproduces the frequency ramps captured from a
BM1370 (bitaxeorg/ESP-Miner issue #588): smallest error, then lowest VCO, then largest P1, always
P1 > P2; and two settings that the capture makes by another rule. BM1370 limits: bitaxeorg/ESP-Miner
``components/asic/pll.c``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from rig.errors import UsageError

CRYSTAL_MHZ = 25.0
LOWEST_MHZ, HIGHEST_MHZ = 50.0, 800.0
STEP_MHZ = 6.25                      # of the captured ramps

_FEEDBACK = range(0xA0, 0xF0)
_REFERENCE = 2                       # in every capture
_HIGH_VCO_MHZ = 2400.0
_LOWEST_VCO_MHZ = 2000.0             # what the captures keep to; sources disagree below it
_ENABLE, _HIGH_VCO = 1 << 30, 1 << 28


@dataclass(frozen=True, slots=True)
class Dividers:
    """The four dividers of one setting; post-dividers as true divisors (1..7)."""

    feedback: int
    reference: int
    post1: int
    post2: int

    @property
    def vco_mhz(self) -> float:
        return CRYSTAL_MHZ * self.feedback / self.reference

    @property
    def mhz(self) -> float:
        return self.vco_mhz / (self.post1 * self.post2)

    def word(self) -> int:
        """The register value that selects this setting."""
        flags = _ENABLE | (_HIGH_VCO if self.vco_mhz >= _HIGH_VCO_MHZ else 0)
        posts = (self.post1 - 1) << 4 | (self.post2 - 1)
        return flags | self.feedback << 16 | self.reference << 8 | posts


# As captured: the first step of the ramp has equal post-dividers, and 100 MHz takes 7 x 3.
_AS_CAPTURED = {
    56.25: Dividers(162, 2, 6, 6),
    100.0: Dividers(168, 2, 7, 3),
}


def encode(mhz: float) -> int:
    """The register value whose clock comes nearest to ``mhz``.

    Raises UsageError outside 50..800 MHz.
    """
    if not LOWEST_MHZ <= mhz <= HIGHEST_MHZ:
        raise UsageError(
            f"hash clock of {mhz} MHz asked for, the chip's PLL gives {LOWEST_MHZ:g} to {HIGHEST_MHZ:g} MHz"
        )
    return _nearest(float(mhz)).word()


def mhz_of(value: int) -> float:
    """The clock a register value selects; NaN where a divider is 0 and there is no clock."""
    found = dividers_of(value)
    if not found.feedback or not found.reference:
        return math.nan
    return found.mhz


def dividers_of(value: int) -> Dividers:
    """The dividers in a register value."""
    return Dividers(
        feedback=value >> 16 & 0xFFF,
        reference=value >> 8 & 0x3F,
        post1=(value >> 4 & 7) + 1,
        post2=(value & 7) + 1,
    )


@cache
def _nearest(mhz: float) -> Dividers:
    if mhz in _AS_CAPTURED:
        return _AS_CAPTURED[mhz]
    return min(_settings(), key=lambda setting: (round(abs(setting[0] - mhz), 9), *setting[1:3]))[3]


@cache
def _settings() -> tuple[tuple[float, float, int, Dividers], ...]:
    """Every setting the rule chooses from: MHz, then what decides between equals, then itself."""
    settings = (
        Dividers(feedback, _REFERENCE, post1, post2)
        for feedback in _FEEDBACK
        for post1 in range(1, 8)
        for post2 in range(1, post1)
    )
    return tuple(
        (setting.mhz, setting.vco_mhz, -setting.post1, setting)
        for setting in settings if setting.vco_mhz >= _LOWEST_VCO_MHZ
    )
