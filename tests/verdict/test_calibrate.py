"""Both risks are spent as stated: looked at after every answer, wherever the last look falls."""

from __future__ import annotations

import math

import pytest

from rig.verdict.calibrate import Aim, calibrated
from rig.verdict.crossing import Lines, cross, turning_looks

BOARD = Aim(0.995, 0.985, -math.expm1(math.log1p(-1e-4) / 65), 1e-4)
LOOSE = Aim(0.9, 0.6, 0.01, 0.02)


def looked_at(lines: Lines, last: int) -> list[int]:
    return [*turning_looks(lines).tolist(), last]


@pytest.mark.parametrize(("aim", "most"), [
    (BOARD, 6_850), (BOARD, 7_000), (BOARD, 7_350), (LOOSE, 50), (LOOSE, 80),
    (Aim(0.995, 0.985, 0.05, 0.05), 2_600),
])
def test_the_risks_at_the_worst_last_look_are_the_stated_ones(aim: Aim, most: int) -> None:
    lines = calibrated(aim, most)
    assert lines is not None
    half = math.ceil(0.5 / lines.slope)
    lasts = [most, most + half - 1, most + half, *range(most + 1, most + 3 * half, max(1, half // 4))]
    failed = max(cross(lines, aim.good_rate, looked_at(lines, last)).rejected for last in lasts)
    passed = max(cross(lines, aim.bad_rate, looked_at(lines, last)).accepted for last in lasts)
    # with few answers the risk moves in steps as misses do
    least = 0.98 if most > 1_000 else 0.6
    assert least * aim.good_risk <= failed <= aim.good_risk
    assert least * aim.bad_risk <= passed <= aim.bad_risk


def test_the_lines_lie_within_walds() -> None:
    lines = calibrated(BOARD, 7_000)
    assert lines is not None
    good_gap, bad_gap = BOARD.safe_gaps(0.0, 0.0)
    assert bad_gap == pytest.approx(-math.log(BOARD.good_risk) / math.log(0.995 * 0.015 / (0.985 * 0.005)))
    assert good_gap < BOARD.safe_gaps(0.0, 0.5)[0]
    assert lines.bad_gap < BOARD.safe_gaps(0.9, 0.0)[1] - 1.0


def test_too_few_answers_give_no_lines() -> None:
    assert calibrated(BOARD, 6_360) is None
    assert calibrated(BOARD, 5_000) is None
    assert calibrated(Aim(0.6, 0.4, 1e-6, 1e-6), 10) is None
