"""A noisy wire ends as the station's fault or not at all: never as a board's."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    "fault",
    [{"kind": "corrupt_replies", "rate": 0.01}, {"kind": "lost_bytes", "rate": 0.002},
     {"kind": "corrupt_replies", "rate": 0.3}],
    ids=["corrupt", "lost", "rubbish"],
)
def test_a_wire_too_bad_to_judge_over_is_the_stations(lab: Any, fault: dict[str, Any]) -> None:
    done = lab.run(fault)
    assert done.code == 3, done.out + done.err
    assert (done.summary["verdict"], done.summary["failure_code"]) == ("STATION_FAULT", "STN-WIRE")
    assert done.summary["board_verdict"] is None
    assert lab.truth()["slot1"]["output"] is False


def test_noise_that_begins_under_work_is_told_within_seconds(lab: Any) -> None:
    done = lab.run({"kind": "corrupt_replies", "rate": 0.02, "at_seconds": 22})
    assert done.code == 3, done.out + done.err
    assert done.summary["failure_code"] == "STN-WIRE"
    assert done.summary["board_verdict"] is None


def test_a_board_is_judged_over_a_wire_that_is_bearable(lab: Any) -> None:
    done = lab.run(
        {"kind": "corrupt_replies", "rate": 0.005}, {"kind": "lost_bytes", "rate": 0.0005},
        {"kind": "weak_chip", "chip": 40, "rate": 0.97},
    )
    assert done.code == 1, done.out + done.err
    assert done.summary["failure_code"] == "CHIP-WEAK"
    assert [finding["chip"] for finding in done.record["findings"] if finding["code"] == "CHIP-WEAK"] == [40]


def test_a_good_board_passes_over_a_wire_that_is_bearable(lab: Any) -> None:
    done = lab.run({"kind": "corrupt_replies", "rate": 0.006}, {"kind": "lost_bytes", "rate": 0.001})
    assert done.code == 0, done.out + done.err
    taken = {one["name"]: one["values"] for one in done.record["measurements"]}
    assert 0.003 < taken["corrupt_frame_share"][0] < 0.0095
    assert 0.0005 < taken["lost_byte_share"][0] < 0.0019
