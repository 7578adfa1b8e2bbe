"""Keysight N6900, N7900 and RP7900 series.

Commands and condition bits: Keysight N6900/N7900 manual p. 251 and 286, RP7900 manual p. 242
(questionable 1: b0 OV, b1 OC, b2 PF, b3 CP+, b4 OT, b6 OV-, b7 LIM+, b9 INH, b10 UNR, b11 PROT,
b12 EDP, b13 SF). Over-current protection has no level: switched on it trips in current limit, so a
short on a cold board would look like a failed supply. It is off as a rule, and the current limit is
what protects. A trip is cleared when its cause has gone, and the output then returns to its
previous state: it is ordered off first.
"""

from __future__ import annotations

from pydantic import Field

from rig.datafile import Data
from rig.instruments.kind import SupplyKind
from rig.instruments.supply_family import ConditionRegisters, SupplyFamily, Watchdog

_NAME = "n6900"
_MODELS = ("N69", "N79", "RP79")
_TRIPS = (0, 1, 2, 3, 4, 6, 9, 11, 12, 13)


class Options(Data):
    """Not verified: the range of the protection's delay, the watchdog's least delay."""

    trips_in_current_limit: bool = False
    over_current_delay_seconds: float = Field(default=0.2, ge=0, le=0.255)
    watchdog_least_seconds: float = Field(default=1.0, gt=0)


def _family(options: Options) -> SupplyFamily:
    delay = f"CURR:PROT:DEL {options.over_current_delay_seconds:g}"
    return SupplyFamily(
        name=_NAME,
        models=_MODELS,
        opening=("*CLS",),
        volts="VOLT",
        limit_amps="CURR",
        over_volts="VOLT:PROT",
        over_amps=None,
        enable_protection=(
            (delay, "CURR:PROT:STAT ON") if options.trips_in_current_limit else ("CURR:PROT:STAT OFF",)
        ),
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
            questionable="STAT:QUES1:COND?",
            trip_bits=sum(1 << bit for bit in _TRIPS),
        ),
        watchdog=Watchdog(
            delay="OUTP:PROT:WDOG:DEL", state="OUTP:PROT:WDOG", least_seconds=options.watchdog_least_seconds
        ),
    )


KIND = SupplyKind(_NAME, _MODELS, Options, _family)
