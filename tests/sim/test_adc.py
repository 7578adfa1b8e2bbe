"""Codes of the voltage ADC."""

from __future__ import annotations

import pytest

from rig.sim.adc import result


def test_a_code_is_volts_and_one_more_in_sixteen_thousandths() -> None:
    assert result(0x230C_030D, 1.15) == 1 << 31 | round((1.15 / 2 + 1) * 16384)


@pytest.mark.parametrize("selected", [0, 6, 7])
def test_inputs_without_anything_read_no_volts(selected: int) -> None:
    assert result(0x2300_030D | selected << 18, 1.15) == 1 << 31 | 16384


def test_a_code_has_fifteen_bits() -> None:
    assert result(0x230C_030D, 3.2) & 0x7FFF_FFFF == 0x7FFF
