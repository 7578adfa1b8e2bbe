"""What a run measures of its wire, and when."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rig.datafile import load
from rig.pytestplugin.wire import WireMeter
from rig.recipe import Limits
from rig.work.ingest import WireCount
from rig.work.ledger import Tally

PLAN = Path(__file__).resolve().parents[2] / "testplans" / "s21pro"
Taken = list[tuple[str, float]]


@pytest.fixture
def taken() -> Taken:
    return []


@pytest.fixture
def meter(taken: Taken) -> WireMeter:
    return WireMeter(lambda name, value: taken.append((name, value)))


def count(windows: float, corrupt: int = 0, missing: int = 0) -> WireCount:
    frames = round(40_000 * windows)
    return WireCount(
        received_bytes=11 * frames - missing, nonce_frames=frames - corrupt, corrupt_frames=corrupt,
        missing_bytes=missing,
    )


def tally(answers: int, unnamed: int) -> Tally:
    none = np.zeros(65, dtype=np.int64)
    cores = np.zeros((65, 128), dtype=np.int32)
    return Tally(none, none, cores, cores, none, none, none, none, none, none, 0, 0, answers, 0, unnamed)


def test_a_quiet_wire_is_measured_once_at_the_end(meter: WireMeter, taken: Taken) -> None:
    for windows in np.arange(0, 5, 0.1):
        meter.look(count(windows))
    assert taken == []
    meter.close(tally(1000, 0))
    assert taken == [("corrupt_frame_share", 0.0), ("lost_byte_share", 0.0), ("unnamed_loss_share", 0.0)]


def test_damage_is_measured_as_soon_as_a_window_is_worse_than_all_before(
    meter: WireMeter, taken: Taken
) -> None:
    meter.look(count(0.9, corrupt=360))
    assert taken == [], "a window under way says nothing"
    meter.look(count(1.0, corrupt=400))
    assert dict(taken)["corrupt_frame_share"] == pytest.approx(0.0103, abs=1e-4)
    meter.look(count(2.0, corrupt=500))
    assert len(taken) == 2
    meter.look(count(3.0, corrupt=500, missing=1000))
    assert taken[-1] == ("lost_byte_share", pytest.approx(1000 / 440_000))


def test_what_could_not_be_named_is_a_share_of_all_replies(meter: WireMeter, taken: Taken) -> None:
    meter.close(tally(999, 1))
    assert taken[-1] == ("unnamed_loss_share", 0.001)


def test_the_plan_ends_at_each_of_them() -> None:
    declared = load(PLAN / "limits.yaml", Limits).measurements
    for name in ("corrupt_frame_share", "lost_byte_share", "unnamed_loss_share"):
        spec = declared[name]
        assert (spec.code, spec.critical, spec.limit is not None) == ("STN-WIRE", True, True)
