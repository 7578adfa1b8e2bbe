"""Hioki PW3335, PW3336 and PW3337 power meters.

Commands: Hioki PW3337 manual, PW3335 manual p. 41 (integration: a start while it runs is a device
error). Lines end in CR LF both ways; there is no error queue, the standard event register says
whether a command was understood. The raw socket is port 3300.
"""

from __future__ import annotations

from pydantic import Field

from rig.datafile import Data
from rig.instruments.kind import MeterKind
from rig.instruments.meter import MeterFamily
from rig.instruments.numbers import Markers
from rig.instruments.transport import Wire

_NAME = "pw3336"
_MODELS = ("PW333",)


class Options(Data):
    """Not verified: the DC names of volts, amps, watts and watt-hours; from which number on a reading
    means over-range; what the meter calls a running integration."""

    items: tuple[str, str, str, str] = ("UDC1", "IDC1", "PDC1", "WH1")
    over_range_from: float = Field(default=9.9e8, gt=1e5)
    running: str = "START"


def _family(options: Options) -> MeterFamily:
    return MeterFamily(
        name=_NAME,
        models=_MODELS,
        opening=(":HEADER OFF", "*CLS"),
        error_query="*ESR?",
        read=f":MEAS? {','.join(options.items)}",
        start_energy=(":INTEG:STAT STOP", ":INTEG:STAT RESET", ":INTEG:STAT START"),
        energy_state=":INTEG:STAT?",
        counting=(options.running,),
        markers=Markers(overload_from=options.over_range_from),
        wire=Wire(write_ending="\r\n"),
    )


KIND = MeterKind(_NAME, _MODELS, Options, _family)
