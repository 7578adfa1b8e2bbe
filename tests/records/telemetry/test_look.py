from __future__ import annotations

import math

import pytest
from line_protocol_parser import parse_line

from rig.records.telemetry.lines import NotALine
from rig.records.telemetry.look import Identity, Look, Points

IDENTITY = Identity("20260101T080000Z-00c0de", "SIM0000000000001A", "s21pro", "bench-3", "line 3", "slot1", 5)
LOOK = Look(
    mhz=545.0, supply_volts=13.7, watts=1042.5, fan_share=0.5, celsius=(45.5, None, 50.0),
    domain_volts=(1.05,) * 13,
    trials=tuple(range(100, 165)), hits=tuple(range(99, 164)), errors=(0,) * 65,
)
NS = 1_767_254_400_123_456_000


def told(look: Look, *, run_is_tag: bool = False) -> list[dict[str, object]]:
    points = Points(IDENTITY, run_is_tag=run_is_tag)
    return [parse_line(line) for line in points.block("look", NS, look.facts()).split("\n")]


def test_a_second_makes_a_point_of_the_board_and_one_of_each_chip() -> None:
    board, *chips = told(LOOK)

    assert len(chips) == 65
    assert board == {
        "measurement": "rig_board", "time": NS,
        "tags": {"station": "bench-3", "fixture": "line 3", "slot": "slot1", "product": "s21pro"},
        "fields": {
            "mhz": 545.0, "supply_volts": 13.7, "watts": 1042.5, "fan_share": 0.5, "celsius_0": 45.5,
            "celsius_2": 50.0, "trials": sum(LOOK.trials), "hits": sum(LOOK.hits), "errors": 0,
            "run": IDENTITY.run_id, "serial": IDENTITY.serial,
            **{f"domain_volts_{domain}": 1.05 for domain in range(13)},
        },
    }
    assert chips[17]["tags"]["chip"] == "17"                    # type: ignore[index]
    assert chips[17]["tags"]["domain"] == "3"                   # type: ignore[index]
    assert chips[17]["fields"] == {
        "trials": 117, "hits": 116, "errors": 0, "mhz": 545.0, "run": IDENTITY.run_id,
    }


def test_where_words_are_not_kept_the_run_is_a_tag() -> None:
    for point in told(LOOK, run_is_tag=True):
        assert point["tags"]["run"] == IDENTITY.run_id          # type: ignore[index]
        assert not any(isinstance(value, str) for value in point["fields"].values())    # type: ignore[attr-defined]


def test_what_is_not_known_is_left_out() -> None:
    assert [point["measurement"] for point in told(Look(watts=3.0))] == ["rig_board"]
    assert Points(IDENTITY, run_is_tag=False).block("look", NS, {}) == ""


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(NotALine):
        told(Look(watts=math.nan))


def test_phases_are_counted() -> None:
    points = Points(IDENTITY, run_is_tag=False)

    marks = [parse_line(points.block("phase", NS, {"phase": name})) for name in ("cold\ncheck", "ramp")]

    assert [mark["fields"]["number"] for mark in marks] == [1, 2]
    assert [mark["fields"]["phase"] for mark in marks] == ["cold check", "ramp"]


def test_a_look_is_the_same_after_json() -> None:
    facts = {name: list(value) if isinstance(value, tuple) else value for name, value in LOOK.facts().items()}

    assert Look.of(facts) == LOOK
