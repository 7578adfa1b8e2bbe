"""Before any power: is the room fit for a test, is the board as cold, are its sensors to be believed."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rig.pytestplugin.board_run import Run

AGREEING_KELVIN = 5.0           # cold sensors of a sound board lie within this: each is good to 2.5 K


def check_start(run: Run) -> None:
    """Judge the cold board's sensors, read before: one that stands apart, the room, the spread.

    A board that is still warm from a run spreads too, but then no sensor stands apart from the rest.
    """
    celsius = tuple(math.nan if value is None else value for value in run.log.celsius)
    run.measure("sensor_offset_celsius", *offsets(celsius))
    known = [value for value in celsius if not math.isnan(value)]
    run.measure("ambient_celsius", median(known) if known else math.nan)
    run.measure("start_spread_celsius", spread(celsius))


def spread(celsius: tuple[float, ...]) -> float:
    """Hottest less coolest, but for a sensor that is hotter than the others, which agree: its offset has a
    limit of its own, and work shows whether it is stuck. NaN when none gave anything."""
    cold = [value for value, off in zip(celsius, offsets(celsius), strict=True) if off <= AGREEING_KELVIN]
    return max(cold) - min(cold) if cold else math.nan


def offsets(celsius: tuple[float, ...]) -> list[float]:
    """(sensors,) each from the median of the others; 0 where the others disagree among themselves.

    NaN for a sensor that gave nothing.
    """
    found = []
    for place, value in enumerate(celsius):
        others = [other for at, other in enumerate(celsius) if at != place and not math.isnan(other)]
        agree = len(others) >= 2 and max(others) - min(others) <= AGREEING_KELVIN
        if math.isnan(value):
            found.append(math.nan)
        else:
            found.append(value - median(others) if agree else 0.0)
    return found
