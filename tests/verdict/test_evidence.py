from __future__ import annotations

import pytest

from rig.verdict import WireCount


def test_the_share_of_damaged_frames() -> None:
    assert WireCount(frames=0, damaged=0).damaged_share == 0.0
    assert WireCount(frames=990, damaged=10).damaged_share == pytest.approx(0.01)
