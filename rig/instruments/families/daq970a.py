"""Keysight DAQ970A with a DAQM901A multiplexer.

Commands: Keysight DAQ970A manual p. 139-215. CONF overwrites the scan list and switches
the channel numbers off, so both are set after it. One channel takes NPLC x 2 (autozero) at 60 Hz.
"""

from __future__ import annotations

from rig.instruments.scanner import Channels, ScannerFamily

_DOMAIN_RANGE_VOLTS = 10
_TERMINAL_RANGE_VOLTS = 100
_NPLC = 0.2                  # a scan of a slot in a tenth of a second: the driver loop waits for it
_MAINS_HERTZ = 60


def _arrange(channels: Channels) -> tuple[str, ...]:
    domains = ",".join(str(channel) for channel in channels.domains)
    scan = ",".join(str(channel) for channel in (*channels.domains, channels.terminals))
    return (
        "*CLS",
        f"CONF:VOLT:DC {_DOMAIN_RANGE_VOLTS},(@{domains})",
        f"CONF:VOLT:DC {_TERMINAL_RANGE_VOLTS},(@{channels.terminals})",
        f"VOLT:DC:NPLC {_NPLC},(@{scan})",
        f"ROUT:SCAN (@{scan})",
        "FORM:READ:UNIT OFF",
        "FORM:READ:TIME OFF",
        "FORM:READ:CHAN ON",
    )


DAQ970A = ScannerFamily(
    name="daq970a",
    models=("DAQ97",),
    arrange=_arrange,
    read="READ?",
    seconds_per_channel=_NPLC * 2 / _MAINS_HERTZ,
)
