"""A noisy wire ends as the station's fault or not at all: never as a board's."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    "fault",
    [{"kind": "corrupt_replies", "rate": 0.01}, {"kind": "corrupt_replies", "rate": 0.3}],
    ids=["corrupt", "rubbish"],
)
def test_a_wire_too_bad_to_judge_over_is_the_stations(lab: Any, fault: dict[str, Any]) -> None:
    done = lab.run(fault)
    assert done.code == 3, done.out + done.err
    assert (done.summary["verdict"], done.summary["failure_code"]) == ("STATION_FAULT", "STN-WIRE")
    assert done.summary["board_verdict"] is None
    assert lab.truth()["slot1"]["output"] is False
