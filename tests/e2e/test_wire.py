"""A noisy wire ends as the station's fault, never as a board's (worse: tests/testkit/test_noisy_runs.py)."""

from __future__ import annotations

from typing import Any


def test_a_wire_too_bad_to_judge_over_is_the_stations(lab: Any) -> None:
    done = lab.run({"kind": "corrupt_replies", "rate": 0.01})
    assert done.code == 3, done.out + done.err
    assert (done.summary["verdict"], done.summary["failure_code"]) == ("STATION_FAULT", "STN-WIRE")
    assert done.summary["board_verdict"] is None
    assert lab.truth()["slot1"]["output"] is False
