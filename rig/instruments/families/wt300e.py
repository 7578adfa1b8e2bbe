"""Yokogawa WT300E power meters (WT310E, WT332E).

Commands: Yokogawa WT310E manual p. 39 and 96. Integration must be reset before it
can start anew; a running one must be stopped before the reset.
"""

from __future__ import annotations

from enum import Enum

from rig.datafile import Data
from rig.instruments.kind import MeterKind
from rig.instruments.meter import MeterFamily

_NAME = "wt300e"
_MODELS = ("WT3",)


class Mode(Enum):
    """What the meter makes of its input."""

    DC = "DC"
    RMS = "RMS"
    MEAN = "VME"


class Options(Data):
    """``mode`` DC for a meter on the DC side; ranges by their names in the manual, None: as it stands."""

    mode: Mode = Mode.DC
    volt_range: str | None = None
    amp_range: str | None = None


def _family(options: Options) -> MeterFamily:
    ranges = (("VOLT", options.volt_range), ("CURR", options.amp_range))
    return MeterFamily(
        name=_NAME,
        models=_MODELS,
        opening=(
            "*CLS",
            ":COMM:REM ON",
            ":COMM:HEAD OFF",
            ":NUM:FORM ASC",
            f":INP:MODE {options.mode.value}",
            *(f":INP:{name}:RANG {top}" for name, top in ranges if top is not None),
            ":NUM:NORM:NUM 4",
            ":NUM:NORM:ITEM1 U,1",
            ":NUM:NORM:ITEM2 I,1",
            ":NUM:NORM:ITEM3 P,1",
            ":NUM:NORM:ITEM4 WH,1",
        ),
        error_query=":STAT:ERR?",
        read=":NUM:NORM:VAL?",
        start_energy=(":INTEG:STOP", ":INTEG:RES", ":INTEG:MODE NORM", ":INTEG:STAR"),
        energy_state=":INTEG:STAT?",
        counting=("STAR",),
    )


KIND = MeterKind(_NAME, _MODELS, Options, _family)
