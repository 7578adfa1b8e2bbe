"""Control charts: what stands beyond a limit is red, and both charts share their days."""

from __future__ import annotations

import re

from rig.qa.charts_control import control, moving
from rig.qa.svg import RED
from rig.verdict.control import individuals

DAYS = [f"11-{at:02d}" for at in range(1, 13)]
STEP = [10.0, 10.2, 10.1, 10.2, 10.0, 10.1, 12.0, 12.1, 12.0, 12.2, 12.1, 12.0]


def dots(chart: str) -> list[tuple[float, str, str]]:
    """Place along the days, colour and words of every point."""
    found = re.findall(r'<circle cx="([\d.]+)" cy="[\d.]+" r="[\d.]+" fill="(#\w+)"><title>([^<]+)', chart)
    return [(float(x), colour, says) for x, colour, says in found]


def test_the_jump_is_beyond_the_limit_of_moving_ranges_and_nothing_else() -> None:
    limits = individuals(STEP)

    chart = moving(DAYS, STEP, limits.moving_range, limits.moving_range_high, "V")

    assert len(dots(chart)) == len(STEP) - 1
    assert [says for _, colour, says in dots(chart) if colour == RED] == ["11-06 to 11-07: 1.9\u202fV"]


def test_a_day_stands_in_one_place_of_both_charts() -> None:
    limits = individuals(STEP)

    above = control(DAYS, STEP, (limits.mean, limits.low, limits.high), {}, "V")
    below = moving(DAYS, STEP, limits.moving_range, limits.moving_range_high, "V")

    assert [x for x, _, _ in dots(above)][1:] == [x for x, _, _ in dots(below)]


def test_values_that_never_change_have_a_chart() -> None:
    assert "moving ranges" in moving(DAYS, [1.0] * 12, 0.0, 0.0, "V")
