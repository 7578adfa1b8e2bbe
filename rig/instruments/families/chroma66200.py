"""Chroma 66200 power meters (66202 to 66205).

Commands: Chroma 66203/66204 manual p. 93 and 112, and the public PyMeasure driver. No data and
overload are ordinary numbers: -1 integration not ready, -2 range change error, -3 over-voltage,
over-current or over-range.
"""

from __future__ import annotations

from enum import Enum

from pydantic import Field

from rig.datafile import Data
from rig.instruments.kind import MeterKind
from rig.instruments.meter import MeterFamily
from rig.instruments.numbers import Markers
from rig.slot import Status

_NAME = "chroma66200"
_MODELS = ("662",)
_MARKERS = Markers({-1.0: Status.NO_DATA, -2.0: Status.NO_DATA, -3.0: Status.OVERLOAD})


class Mode(Enum):
    """What the meter makes of its input."""

    DC = "DC"
    RMS = "RMS"
    MEAN = "VMEAN"


class Options(Data):
    """``shunt_ohms`` names an external shunt: direct inputs end at 30 A. Not verified: the line that
    switches response headers off, and the longest energy count in seconds."""

    mode: Mode = Mode.DC
    shunt_ohms: float | None = Field(default=None, gt=0)
    headers_off: str | None = "SYST:HEAD OFF"
    energy_seconds: int = Field(default=86_400, ge=1)


def _family(options: Options) -> MeterFamily:
    shunt = () if options.shunt_ohms is None else (
        f"CONF:INP:SHUN:RES {options.shunt_ohms:g}", "CONF:INP:SHUN ON"
    )
    return MeterFamily(
        name=_NAME,
        models=_MODELS,
        opening=(
            "*CLS",
            *((options.headers_off,) if options.headers_off else ()),
            f"CONF:MEAS:MODE {options.mode.value}",
            *shunt,
        ),
        error_query="SYST:ERR?",
        read="FETC? V,I,W,WH",
        start_energy=(
            "TRIG OFF", f"CONF:ENERGY:TIME {options.energy_seconds}", "TRIG:MODE ENERGY", "TRIG ON"
        ),
        energy_state="TRIG?",
        counting=("RUN",),
        markers=_MARKERS,
    )


KIND = MeterKind(_NAME, _MODELS, Options, _family)
