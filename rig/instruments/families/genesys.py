"""TDK-Lambda Genesys and its Keysight kin (N5700, N8700) in the SCPI dialect of the LAN option.

Commands: public drivers (``SYST:REM REM``, ``INST:NSEL n``, ``VOLT:PROT:LEV``, ``CURR:PROT:STAT``).
Over-current protection is foldback: on or off, no level; it trips in current limit, so a short on a
cold board would look like a failed supply. It is off as a rule, and the current limit protects.
"""

from __future__ import annotations

from enum import Enum

from pydantic import Field

from rig.datafile import Data
from rig.instruments.kind import SupplyKind
from rig.instruments.supply_family import ConditionRegisters, SupplyFamily

_NAME = "genesys"
_MODELS = ("GEN", "G10", "G20", "G30", "G40", "G60", "G80", "N57", "N87")


class Layout(Enum):
    """Where the supply says what it regulates."""

    NONE = "none"                               # nowhere: from output, current and limit
    N5700 = "n5700"                             # operation b8 CV, b10 CC; questionable b0, 1, 2, 4, 9


_N5700_REGISTERS = ConditionRegisters(
    operation="STAT:OPER:COND?",
    constant_voltage_bit=1 << 8,
    constant_current_bit=1 << 10,
    off_bit=0,
    questionable="STAT:QUES:COND?",
    trip_bits=1 << 0 | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 9,
)


class Options(Data):
    """Not verified: all of them. ``address`` is the supply's number on a chain of several,
    ``acknowledge`` what every set is answered with."""

    output: str = "OUTP:STAT"
    status: Layout = Layout.NONE
    trips_in_current_limit: bool = False
    address: int | None = Field(default=None, ge=0, le=31)
    acknowledge: str | None = None


def _family(options: Options) -> SupplyFamily:
    select = () if options.address is None else (f"INST:NSEL {options.address}",)
    return SupplyFamily(
        name=_NAME,
        models=_MODELS,
        opening=(*select, "SYST:REM REM", "*CLS"),
        volts="VOLT",
        limit_amps="CURR",
        over_volts="VOLT:PROT:LEV",
        over_amps=None,
        enable_protection=(f"CURR:PROT:STAT {'ON' if options.trips_in_current_limit else 'OFF'}",),
        output=options.output,
        clear_protection="OUTP:PROT:CLE",
        measure_volts="MEAS:VOLT?",
        measure_amps="MEAS:CURR?",
        measure_watts=None,
        status=_N5700_REGISTERS if options.status is Layout.N5700 else None,
        acknowledge=options.acknowledge,
    )


KIND = SupplyKind(_NAME, _MODELS, Options, _family)
