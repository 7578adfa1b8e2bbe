"""ITECH IT6000C and IT-M3900 series, in constant-voltage priority.

Commands: a public live log of an IT6054C-800-225 (OpenBench): ``SYST:REM`` before anything is
set; in CV priority the current limit is ``CURR:LIM``, and changing the priority copies values into
the limit registers, so everything is written and read back after it. 20 ms between messages. The
raw socket is port 30000.
"""

from __future__ import annotations

from pydantic import Field

from rig.datafile import Data
from rig.instruments.kind import SupplyKind
from rig.instruments.supply_family import ConditionRegisters, SupplyFamily, Watchdog
from rig.instruments.transport import Wire

_NAME = "it6000c"
_MODELS = ("IT60", "IT-M39")


class Options(Data):
    """Not verified: the bits of the condition registers; the watchdog's least delay and its step."""

    constant_voltage_bit: int = Field(default=0, ge=0, le=15)
    constant_current_bit: int = Field(default=1, ge=0, le=15)
    off_bit: int = Field(default=2, ge=0, le=15)
    trip_bits: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 11)
    pace_seconds: float = Field(default=0.02, ge=0, le=1)
    watchdog_least_seconds: float = Field(default=1.0, gt=0)
    watchdog_step_seconds: float = Field(default=1.0, gt=0)


def _family(options: Options) -> SupplyFamily:
    return SupplyFamily(
        name=_NAME,
        models=_MODELS,
        opening=("SYST:REM", "*CLS"),
        prepare=("FUNC VOLT",),
        volts="VOLT",
        limit_amps="CURR:LIM",
        over_volts="VOLT:PROT",
        over_amps="CURR:PROT",
        enable_protection=("VOLT:PROT:STAT ON", "CURR:PROT:STAT ON"),
        output="OUTP",
        clear_protection="OUTP:PROT:CLE",
        measure_volts="MEAS:VOLT?",
        measure_amps="MEAS:CURR?",
        measure_watts="MEAS:POW?",
        status=ConditionRegisters(
            operation="STAT:OPER:COND?",
            constant_voltage_bit=1 << options.constant_voltage_bit,
            constant_current_bit=1 << options.constant_current_bit,
            off_bit=1 << options.off_bit,
            questionable="STAT:QUES:COND?",
            trip_bits=sum(1 << bit for bit in options.trip_bits),
        ),
        watchdog=Watchdog(
            delay="OUTP:PROT:WDOG:DEL",
            state="OUTP:PROT:WDOG:STAT",
            step_seconds=options.watchdog_step_seconds,
            least_seconds=options.watchdog_least_seconds,
        ),
        wire=Wire(pace_seconds=options.pace_seconds),
    )


KIND = SupplyKind(_NAME, _MODELS, Options, _family)
