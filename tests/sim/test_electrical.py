"""The stack against the figures of the board's model, and its laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.sim.electrical import Load, Stack, held_by_pads, load_of

TINY = 1e-6


def settled(volts: float, load: Load, ohms: float = TINY) -> Stack:
    stack = Stack(13)
    stack.solve(volts, ohms, load)
    return stack


def uniform(mhz: float, activity: float, celsius: float) -> Load:
    return load_of(np.full(65, activity), np.full(65, mhz), np.ones(65), celsius, 13)


@pytest.mark.parametrize(
    ("volts", "mhz", "activity", "celsius", "amps", "watts"),
    [
        (13.6, 600.0, 1.0, 56.0, 78.1, 1062),
        (13.6, 588.24, 1.0, 56.0, 76.7, 1043),
        (15.0, 50.0, 0.35, 25.0, 6.0, 90),
        (15.0, 50.0, 0.35, 56.0, 11.9, 179),
        (2.0, 0.0, 0.0, 25.0, 0.05, 0.1),
    ],
)
def test_figures_of_a_whole_board(
    volts: float, mhz: float, activity: float, celsius: float, amps: float, watts: float
) -> None:
    stack = settled(volts, uniform(mhz, activity, celsius))
    assert stack.amps == pytest.approx(amps, rel=0.01, abs=0.03)
    assert stack.amps * stack.pad_volts == pytest.approx(watts, rel=0.01, abs=0.05)
    assert stack.volts == pytest.approx(volts / 13, abs=1e-3)


def test_a_silent_chip_lifts_its_domain_and_the_others_sink() -> None:
    activity, mhz = np.ones(65), np.full(65, 600.0)
    activity[15] = mhz[15] = 0
    stack = settled(13.6, load_of(activity, mhz, np.ones(65), 56.0, 13))
    assert stack.volts[3] == pytest.approx(1.195, abs=2e-3)
    assert np.delete(stack.volts, 3) == pytest.approx(1.034, abs=2e-3)


def test_a_half_hashing_chain_splits_the_volts_dangerously() -> None:
    activity, mhz = np.ones(65), np.full(65, 600.0)
    activity[30:], mhz[30:] = 0.35, 50.0
    stack = settled(13.6, load_of(activity, mhz, np.ones(65), 56.0, 13))
    assert stack.amps == pytest.approx(38.1, abs=0.2)
    assert (stack.volts.min(), stack.volts.max()) == pytest.approx((0.54, 1.48), abs=0.01)


loads = st.builds(
    lambda activity, mhz, celsius: load_of(
        np.array(activity), np.array(mhz), np.ones(13), celsius, 13
    ),
    st.lists(st.sampled_from([0.0, 0.35, 1.0]), min_size=13, max_size=13),
    st.lists(st.floats(0, 800), min_size=13, max_size=13),
    st.floats(-20, 110),
)


@given(loads, st.floats(0.0, 16.0), st.sampled_from([TINY, 3.5e-3, 4.0, 1e4]), st.floats(0.0, 16.0))
def test_one_current_and_drops_that_add_up_from_wherever_it_stood(
    load: Load, volts: float, ohms: float, before: float
) -> None:
    stack = Stack(13)
    stack.solve(before, TINY, load)
    stack.solve(volts, ohms, load)
    assert stack.pad_volts + ohms * stack.amps == pytest.approx(volts, abs=1e-3)
    fresh = settled(volts, load, ohms)
    assert stack.volts == pytest.approx(fresh.volts, abs=2e-3)
    assert (stack.volts >= 0).all()


def test_pads_discharge_through_twenty_ohms_with_a_time_constant_of_a_tenth() -> None:
    volts = 10.0
    for _ in range(100):
        source, ohms = held_by_pads(volts, 20.0, 0.001)
        volts = source * 1e9 / (1e9 + ohms)     # nothing but the resistor draws
    assert volts == pytest.approx(10.0 * np.exp(-1), rel=0.01)
