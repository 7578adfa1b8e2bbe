"""Yokogawa WT300E power meters (WT310E, WT332E).

Commands: Yokogawa WT310E manual p. 39 and 96. Integration must be reset before it
can start anew; a running one must be stopped before the reset.
"""

from __future__ import annotations

from rig.instruments.meter import MeterFamily

WT300E = MeterFamily(
    name="wt300e",
    models=("WT3",),
    opening=(
        "*CLS",
        ":COMM:REM ON",
        ":COMM:HEAD OFF",
        ":NUM:FORM ASC",
        ":INP:MODE DC",
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
    counting="STAR",
)
