"""The board's electrical model: one current through all domains, each of them chips in parallel.

A chip draws ``C activity f V + L exp((T - 56)/32 + (V - 1.046)/0.25)`` amps; the board finds the
current whose domain drops add up to what feeds it. C, L and the activities are assumed so that an
S21 Pro's 600 MHz at 13.6 V and 56 °C gives 78 A and 13.35 J/TH (docs/scenarios.md); chips with fewer
sub-cores than its BM1370 have C and L in proportion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from rig.sim.arrays import Floats

SUB_CORES = 2040                   # of the chip that C and L were fitted to
CHIP_FARADS = 22.9e-9
LEAKAGE_AMPS, LEAKAGE_CELSIUS, LEAKAGE_VOLTS = 1.25, 32.0, 0.25
NOMINAL_VOLTS, NOMINAL_CELSIUS = 1.046, 56.0
KNEE_VOLTS = 0.3                   # below it leakage dies away towards nothing
PAD_FARADS = 5e-3

_MOST_DOMAIN_VOLTS = 3.2
_MOST_STEP_VOLTS = 0.4
_SETTLED_VOLTS = 1e-4              # a Newton step so small leaves an error of about its square
_MOST_STEPS = 200


class Activity(Enum):
    """How much of a chip's dynamic current flows."""

    HASHING = 1.0
    IDLE = 0.35
    NO_CLOCK = 0.0


@dataclass(frozen=True, slots=True)
class Load:
    """Domains as the solver sees them, (domains,): ``siemens`` of switching, ``leak`` in amps."""

    siemens: Floats
    leak: Floats


def load_of(
    activity: Floats, mhz: Floats, watts: Floats, celsius: float, domains: int, sub_cores: int = SUB_CORES
) -> Load:
    """The load of chips (chips,) with an activity share, a clock and a watts factor each."""
    size = sub_cores / SUB_CORES
    siemens = size * CHIP_FARADS * activity * mhz * 1e6 * watts
    leak = size * LEAKAGE_AMPS * warmth(celsius, NOMINAL_CELSIUS) * watts
    return Load(siemens.reshape(domains, -1).sum(axis=1), leak.reshape(domains, -1).sum(axis=1))


def warmth(celsius: float, stated_celsius: float) -> float:
    """How much a leakage stated at one temperature is at another."""
    return math.exp((celsius - stated_celsius) / LEAKAGE_CELSIUS)


class Stack:
    """Solves the series stack, each time from where it stood: a step costs two or three iterations."""

    def __init__(self, domains: int) -> None:
        self.amps = 0.0
        self.volts: Floats = np.zeros(domains)

    @property
    def pad_volts(self) -> float:
        return float(self.volts.sum())

    def open(self) -> None:
        """Nothing feeds the stack."""
        self.amps = 0.0
        self.volts = np.zeros_like(self.volts)

    def solve(self, volts: float, ohms: float, load: Load) -> None:
        """Settle at a source of ``volts`` behind ``ohms`` (above 0)."""
        if volts <= 1e-6:
            self.open()
            return
        domain, amps = self.volts, self.amps
        for _ in range(_MOST_STEPS):
            drawn, slope = _drawn(domain, load)
            back = 1 / slope
            lacking = volts - domain.sum() - ohms * amps - ((amps - drawn) * back).sum()
            change = lacking / (back.sum() + ohms)
            step = (amps + change - drawn) * back
            np.minimum(np.maximum(step, -_MOST_STEP_VOLTS, out=step), _MOST_STEP_VOLTS, out=step)
            amps += change
            moved = np.minimum(np.maximum(domain + step, 0.0), _MOST_DOMAIN_VOLTS)
            far = float(np.abs(moved - domain).max())
            domain = moved
            if far < _SETTLED_VOLTS:
                break
        self.volts, self.amps = domain, max(0.0, float(amps))


def _drawn(volts: Floats, load: Load) -> tuple[Floats, Floats]:
    """Amps each domain draws at its volts, and the slope in siemens."""
    rise = load.leak * np.exp((volts - NOMINAL_VOLTS) / LEAKAGE_VOLTS)
    knee = np.minimum(1.0, volts / KNEE_VOLTS)
    drawn = load.siemens * volts + rise * knee
    slope = load.siemens + rise * (knee / LEAKAGE_VOLTS + np.where(volts < KNEE_VOLTS, 1 / KNEE_VOLTS, 0.0))
    return drawn, slope


def held_by_pads(volts: float, discharge_ohms: float | None, seconds: float) -> tuple[float, float]:
    """Volts and ohms of the source that a step of ``seconds`` off the pads' capacitance is.

    The capacitor of an implicit step is its last volts behind step/C ohms; a discharge resistor
    lies across it.
    """
    inner = seconds / PAD_FARADS
    if discharge_ohms is None:
        return volts, inner
    share = discharge_ohms / (discharge_ohms + inner)
    return volts * share, inner * share
