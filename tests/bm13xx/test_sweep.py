from __future__ import annotations

import math

import pytest

from rig.bm13xx.chain import ChainLayout
from rig.bm13xx.sweep import batch_seconds, version_space_seconds, window_counts

FACTORY = 7861


@pytest.mark.parametrize(("mhz", "largest_seen", "model"), [(525, 334_617, 335_790), (625, 398_376, 399_750)])
def test_the_window_holds_what_the_logs_show(mhz: float, largest_seen: int, model: int) -> None:
    assert window_counts(FACTORY, mhz) == model > largest_seen


def test_the_version_space_lasts_as_long_as_logged() -> None:
    assert version_space_seconds(FACTORY) == pytest.approx(2.62, abs=0.005)
    assert 16 / batch_seconds(FACTORY) == pytest.approx(25_034, rel=0.001)    # versions a second


def test_the_factory_window_stays_inside_the_slices_of_the_s21_pro() -> None:
    layout = ChainLayout(65, 2)
    smallest = min(layout.slice_start(chip + 1) - layout.slice_start(chip) for chip in range(64))
    assert window_counts(FACTORY, 600) < smallest


def test_zero_stops_hashing() -> None:
    assert window_counts(0, 600) == 0
    assert math.isinf(batch_seconds(0))
    assert math.isinf(version_space_seconds(0))
