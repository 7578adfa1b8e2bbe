"""Keithley DMM6500 and DAQ6510 with a scanner card.

Commands: public drivers of both (PyMeasure). The instrument has four command languages; all of
this is SCPI, and a change of language takes a restart. The buffer gives channel and reading.
"""

from __future__ import annotations

from pydantic import Field

from rig.datafile import Data
from rig.instruments.kind import ScannerKind
from rig.instruments.scanner import Channels, Demand, Row, ScannerFamily

_NAME = "dmm6500"
_MODELS = ("MODEL DMM6500", "DMM6500", "MODEL DAQ6510", "DAQ6510")
_DOMAIN_RANGE_VOLTS = 10
_TERMINAL_RANGE_VOLTS = 100


class Options(Data):
    """Not verified: how long a relay takes to settle."""

    nplc: float = Field(default=0.2, ge=0.0005, le=15)
    mains_hertz: int = Field(default=60, ge=50, le=60)
    relay_seconds: float = Field(default=0.02, ge=0, le=1)


def _family(options: Options) -> ScannerFamily:
    def arrange(channels: Channels) -> tuple[str, ...]:
        domains = ",".join(str(channel) for channel in channels.domains)
        scan = ",".join(str(channel) for channel in (*channels.domains, channels.terminals))
        return (
            "*CLS",
            f'SENS:FUNC "VOLT",(@{scan})',
            f"SENS:VOLT:NPLC {options.nplc:g},(@{scan})",
            f"SENS:VOLT:RANG {_DOMAIN_RANGE_VOLTS},(@{domains})",
            f"SENS:VOLT:RANG {_TERMINAL_RANGE_VOLTS},(@{channels.terminals})",
            f"ROUT:SCAN:CRE (@{scan})",
            "ROUT:SCAN:COUN:SCAN 1",
        )

    return ScannerFamily(
        name=_NAME,
        models=_MODELS,
        arrange=arrange,
        start=("ABOR", "TRAC:CLE", "INIT", "*WAI"),
        read=lambda channels: f'TRAC:DATA? 1,{channels},"defbuffer1",CHAN,READ',
        row=Row.CHANNEL_VALUE,
        seconds_per_channel=options.nplc * 2 / options.mains_hertz + options.relay_seconds,
        demands=(Demand("*LANG?", "SCPI", "choose SCPI in its settings menu and restart it"),),
    )


KIND = ScannerKind(_NAME, _MODELS, Options, _family)
