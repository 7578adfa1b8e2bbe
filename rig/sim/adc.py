"""The voltage ADC of a chip: what 0xBD reads after a conversion was asked for.

Words and scale: 256foundation/mujina ``mujina-miner/src/asic/bm13xx/REFERENCE.md`` (tried there on a
live BM1370): volts = code / 16384 - 1; inputs 4 and 5 read one unit, 1 and 2 two, 3 four. Which bits
of 0xB8 select the input, and that a unit is an eighth of the chip's volts, is assumed.
"""

from __future__ import annotations

from rig.bm13xx.registers import Register

CONTROL = {
    Register.ADC_CTRL1: 0x3F01_4381, Register.ADC_CTRL2: 0x0004_0010, Register.ADC_CTRL3: 0x0334_0E80,
}
START, VALID = 1 << 21, 1 << 31
CONVERSION_SECONDS = 0.05          # hosts wait about 60 ms
_INPUT_SHIFT, _INPUTS = 18, 7
_UNITS = {1: 2, 2: 2, 3: 4, 4: 1, 5: 1}
_UNITS_OF_CHIP = 8
_STEPS_PER_VOLT, _OFFSET_VOLTS, _MOST_CODE = 16384, 1.0, 0x7FFF


def result(config: int, chip_volts: float) -> int:
    """ADC_RESULT after a conversion with ADC_CONFIG at ``config``."""
    units = _UNITS.get(config >> _INPUT_SHIFT & _INPUTS, 0)
    volts = chip_volts * units / _UNITS_OF_CHIP
    return VALID | min(_MOST_CODE, round((volts + _OFFSET_VOLTS) * _STEPS_PER_VOLT))
