"""Each fault of the bench must end in its code, with the right party blamed."""

from __future__ import annotations

from typing import Any

import pytest


def name_of(value: object) -> str:
    return "-".join(map(str, value.values())) if isinstance(value, dict) else ""


BOARD_FAULTS = [
    ({"kind": "dead_chip", "chip": 32}, {"CHAIN-SHORT"}),
    ({"kind": "dead_chip", "chip": 0}, {"CHAIN-NONE"}),
    ({"kind": "eeprom_absent"}, {"EEPROM-NONE"}),
    ({"kind": "sensor_absent", "sensor": 2}, {"SENSOR-NONE"}),
]


@pytest.mark.parametrize(("fault", "codes"), BOARD_FAULTS, ids=name_of)
def test_board_fault_is_the_boards(lab: Any, fault: dict[str, Any], codes: set[str]) -> None:
    done = lab.run(fault)

    assert done.code == 1, done.out + done.err
    assert (done.summary["verdict"], done.summary["board_verdict"]) == ("FAIL", "FAIL")
    assert done.summary["failure_code"] in codes
    assert done.record["findings"][0]["action"]
    assert lab.truth()["slot1"]["output"] is False


STATION_FAULTS = [
    ({"kind": "supply_unreachable"}, "STN-SUPPLY"),
    ({"kind": "meter_overload"}, "STN-METER"),
    ({"kind": "uart_gone"}, "STN-LINK"),
    ({"kind": "contact_resistance", "ohms": 0.005}, "STN-CONTACT"),
    ({"kind": "uart_gone", "at_seconds": 14}, "STN-LINK"),
    ({"kind": "supply_unreachable", "at_seconds": 8}, "STN-SUPPLY"),
]


@pytest.mark.parametrize(("fault", "code"), STATION_FAULTS, ids=name_of)
def test_station_fault_is_not_the_boards(lab: Any, fault: dict[str, Any], code: str) -> None:
    done = lab.run(fault)

    assert done.code == 3, done.out + done.err
    assert (done.summary["verdict"], done.summary["board_verdict"]) == ("STATION_FAULT", None)
    assert done.summary["failure_code"] == code
    assert lab.truth()["slot1"]["amps"] < 1
