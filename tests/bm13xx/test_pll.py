from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.bm13xx import pll
from rig.errors import UsageError

RAMP = [50 + pll.STEP_MHZ * step for step in range(113)]        # to 750; not all beyond are exact


@pytest.mark.parametrize("mhz", RAMP)
def test_every_step_of_the_ramp_is_exact_and_within_the_chip(mhz: float) -> None:
    value = pll.encode(mhz)
    found = pll.dividers_of(value)
    assert pll.mhz_of(value) == mhz
    assert 0xA0 <= found.feedback <= 0xEF
    assert 2000 <= found.vco_mhz <= 3200
    assert found.post1 >= found.post2
    assert bool(value >> 28 & 1) == (found.vco_mhz >= 2400)
    assert value >> 30 & 1


def test_the_two_settings_that_break_the_rule() -> None:
    assert pll.encode(56.25) == 0x40A2_0255
    assert pll.encode(100) == 0x40A8_0262


@given(st.floats(50, 800))
def test_any_clock_in_range_is_met_closely(mhz: float) -> None:
    assert pll.mhz_of(pll.encode(mhz)) == pytest.approx(mhz, rel=0.02)


@pytest.mark.parametrize("mhz", [49.9, 800.1, -1, math.nan, math.inf])
def test_clocks_out_of_range_are_refused(mhz: float) -> None:
    with pytest.raises(UsageError, match="50 to 800 MHz"):
        pll.encode(mhz)


def test_reset_value_and_no_clock() -> None:
    assert pll.mhz_of(0xC054_0165) == 50
    assert math.isnan(pll.mhz_of(0))


@given(st.integers(0, 0xFFFF_FFFF))
def test_any_value_can_be_read(value: int) -> None:
    mhz = pll.mhz_of(value)
    assert math.isnan(mhz) or mhz > 0
