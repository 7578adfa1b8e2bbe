"""Keysight 34461A and 34465A multimeters: one input, on the board's pads.

Commands: Keysight Truevolt series manual p. 386. Without a scanner the domains have no data, so
such a slot measures contact and terminals, and no board can pass on it.
"""

from __future__ import annotations

from pydantic import Field

from rig.datafile import Data
from rig.instruments.kind import ScannerKind
from rig.instruments.scanner import Channels, Row, ScannerFamily

_NAME = "truevolt"
_MODELS = ("3446", "3447")
_RANGE_VOLTS = 100


class Options(Data):
    """The share of a mains period an integration takes, and the mains."""

    nplc: float = Field(default=1.0, ge=0.02, le=100)
    mains_hertz: int = Field(default=60, ge=50, le=60)


def _family(options: Options) -> ScannerFamily:
    def arrange(_channels: Channels) -> tuple[str, ...]:
        return (
            "*CLS",
            f"CONF:VOLT:DC {_RANGE_VOLTS}",
            f"VOLT:DC:NPLC {options.nplc:g}",
            "TRIG:SOUR IMM",
            "SAMP:COUN 1",
        )

    return ScannerFamily(
        name=_NAME,
        models=_MODELS,
        arrange=arrange,
        read=lambda _channels: "READ?",
        row=Row.VALUE,
        seconds_per_channel=options.nplc * 2 / options.mains_hertz,
    )


KIND = ScannerKind(_NAME, _MODELS, Options, _family)
