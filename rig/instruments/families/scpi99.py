"""Plain SCPI-99 supplies with the common status layout.

Commands and condition bits: Keysight N6900/N7900 manual p. 286, RP7900 manual p. 242 (operation
b0 CV, b1 CC, b2 OFF; questionable b0 OV, b1 OC, b2 PF, b4 OT, b11 PROT). Other makers put other
faults on the same bits: another layout is another family.
"""

from __future__ import annotations

from rig.instruments.supply import SupplyFamily

SCPI99 = SupplyFamily(
    name="scpi99",
    models=(),
    opening=("*CLS",),
    volts="VOLT",
    limit_amps="CURR",
    over_volts="VOLT:PROT",
    over_amps="CURR:PROT",
    enable_over_amps="CURR:PROT:STAT ON",
    output="OUTP",
    clear_protection="OUTP:PROT:CLE",
    measure_volts="MEAS:VOLT?",
    measure_amps="MEAS:CURR?",
    operation="STAT:OPER:COND?",
    constant_voltage_bit=1 << 0,
    constant_current_bit=1 << 1,
    off_bit=1 << 2,
    questionable="STAT:QUES:COND?",
    trip_bits=1 << 0 | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 11,
)
