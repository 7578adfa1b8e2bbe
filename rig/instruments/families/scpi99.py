"""Plain SCPI-99 supplies with the common status layout.

Commands: the power supply chapters of SCPI-99. Condition bits: operation b0 CV, b1 CC, b2 OFF;
questionable b0 OV, b1 OC, b2 PF, b4 OT, b11 PROT (as the Keysight N6900/N7900 manual p. 286 has
them). Other makers put other faults on the same bits: another layout is another family.
"""

from __future__ import annotations

from dataclasses import replace

from rig.datafile import Data
from rig.instruments.kind import SupplyKind
from rig.instruments.supply_family import ConditionRegisters, SupplyFamily, Watchdog


class Options(Data):
    """``watchdog``: the supply knows OUTP:PROT:WDOG, which SCPI-99 does not."""

    watchdog: bool = False


SCPI99 = SupplyFamily(
    name="scpi99",
    models=(),
    opening=("*CLS",),
    volts="VOLT",
    limit_amps="CURR",
    over_volts="VOLT:PROT",
    over_amps="CURR:PROT",
    enable_protection=("CURR:PROT:STAT ON",),
    output="OUTP",
    clear_protection="OUTP:PROT:CLE",
    measure_volts="MEAS:VOLT?",
    measure_amps="MEAS:CURR?",
    measure_watts="MEAS:POW?",
    status=ConditionRegisters(
        operation="STAT:OPER:COND?",
        constant_voltage_bit=1 << 0,
        constant_current_bit=1 << 1,
        off_bit=1 << 2,
        questionable="STAT:QUES:COND?",
        trip_bits=1 << 0 | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 11,
    ),
)


def _family(options: Options) -> SupplyFamily:
    if not options.watchdog:
        return SCPI99
    return replace(SCPI99, watchdog=Watchdog(delay="OUTP:PROT:WDOG:DEL", state="OUTP:PROT:WDOG"))


KIND = SupplyKind(SCPI99.name, SCPI99.models, Options, _family)
