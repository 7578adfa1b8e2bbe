"""Keysight DAQ970A with a DAQM901A multiplexer.

Commands: Keysight DAQ970A manual p. 139-215. CONF overwrites the scan list and switches
the channel numbers off, so both are set after it. One channel takes NPLC x 2 (autozero) at 60 Hz.
"""

from __future__ import annotations

from pydantic import Field

from rig.datafile import Data
from rig.instruments.kind import ScannerKind
from rig.instruments.scanner import Channels, ScannerFamily

_NAME = "daq970a"
_MODELS = ("DAQ97",)
_DOMAIN_RANGE_VOLTS = 10
_TERMINAL_RANGE_VOLTS = 100


class Options(Data):
    """``nplc`` 0.2: a scan of a slot in a tenth of a second, as the driver loop waits for it."""

    nplc: float = Field(default=0.2, ge=0.02, le=200)
    mains_hertz: int = Field(default=60, ge=50, le=60)


def _family(options: Options) -> ScannerFamily:
    def arrange(channels: Channels) -> tuple[str, ...]:
        domains = ",".join(str(channel) for channel in channels.domains)
        scan = ",".join(str(channel) for channel in (*channels.domains, channels.terminals))
        return (
            "*CLS",
            f"CONF:VOLT:DC {_DOMAIN_RANGE_VOLTS},(@{domains})",
            f"CONF:VOLT:DC {_TERMINAL_RANGE_VOLTS},(@{channels.terminals})",
            f"VOLT:DC:NPLC {options.nplc:g},(@{scan})",
            f"ROUT:SCAN (@{scan})",
            "FORM:READ:UNIT OFF",
            "FORM:READ:TIME OFF",
            "FORM:READ:CHAN ON",
        )

    return ScannerFamily(
        name=_NAME,
        models=_MODELS,
        arrange=arrange,
        read=lambda _channels: "READ?",
        seconds_per_channel=options.nplc * 2 / options.mains_hertz,
    )


KIND = ScannerKind(_NAME, _MODELS, Options, _family)
