"""Alarms from the lake: the first runs of the last weeks, as rig.verdict.alarms takes them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from rig.qa.lake import Lake
from rig.qa.select import Asked, Chosen
from rig.verdict.alarms import Alarm, AlarmRules, LastRun, alarms

DAYS: Final = 60


def alarms_of(lake: Lake, asked: Asked, today: date, rules: AlarmRules | None = None) -> tuple[Alarm, ...]:
    """What the boards of the last DAYS ring for. Raises UsageError when there are several products."""
    since = today - timedelta(days=DAYS)
    chosen = Chosen(lake, Asked(since, None, asked.product, asked.station, None, None, asked.simulated))
    rows = chosen.rows(
        "SELECT started, station, slot, serial, "
        "CASE WHEN passed THEN NULL ELSE coalesce(board_code, 'no code') END "
        "FROM units ORDER BY started"
    )
    return alarms((LastRun(*row) for row in rows), rules or AlarmRules())
