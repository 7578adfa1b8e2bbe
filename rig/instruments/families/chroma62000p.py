"""Chroma 62000P, 62000H and 62000D series.

Commands: Chroma 62000P manual p. 118, 62000D manual p. 135, and the public PyMeasure driver:
``CONF:OUTP``, ``FETC:STAT?`` (``bits,ON|OFF,CV|CC``: b0 OVP, b1 OCP, b2 OPP, b3 remote inhibit, b4
OTP, b5 fan, b6 sense, b7 series, b8 bus OVP, b9 AC, b10/11 foldback). Soft limits lie between level
and protection. ``*IDN?`` may have three fields. The raw socket is port 2101.
"""

from __future__ import annotations

from rig.datafile import Data
from rig.instruments.kind import SupplyKind
from rig.instruments.supply_family import StatusLine, SupplyFamily

_NAME = "chroma62000p"
_MODELS = ("620", "621")
_ALL_TRIPS = (1 << 12) - 1


class Options(Data):
    """Not verified: whether there are soft limits, and which command forgets a trip (None: it is
    forgotten when the output is ordered off)."""

    soft_limits: bool = True
    clear_protection: str | None = "OUTP:PROT:CLE"


def _family(options: Options) -> SupplyFamily:
    return SupplyFamily(
        name=_NAME,
        models=_MODELS,
        opening=("CONF:REM ON", "*CLS"),
        volts="SOUR:VOLT",
        limit_amps="SOUR:CURR",
        over_volts="SOUR:VOLT:PROT:HIGH",
        over_amps="SOUR:CURR:PROT:HIGH",
        enable_protection=(),
        output="CONF:OUTP",
        clear_protection=options.clear_protection,
        measure_volts="MEAS:VOLT?",
        measure_amps="MEAS:CURR?",
        measure_watts="MEAS:POW?",
        status=StatusLine("FETC:STAT?", _ALL_TRIPS),
        volt_bounds=("SOUR:VOLT:LIM:HIGH",) if options.soft_limits else (),
        amp_bounds=("SOUR:CURR:LIM:HIGH",) if options.soft_limits else (),
    )


KIND = SupplyKind(_NAME, _MODELS, Options, _family)
