from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rig.errors import InstrumentError
from rig.instruments.registry import METERS
from rig.slot import Status

pytestmark = pytest.mark.parametrize("family", list(METERS))

Open = Callable[..., Any]


def wrong_of(gear: Any, family: str) -> Any:
    return gear.wrong[gear.slot_of(family), "meter"]


def question_of(family: str) -> str:
    return str(METERS[family].family({}).read)


@pytest.fixture
def live(gear: Any, family: str) -> Any:
    """The slot of the meter with its board at 13.6 V."""
    return gear.power(family, 13.6)


def test_connect_is_identify(gear: Any, opened: Open, family: str) -> None:
    meter = opened("meter", family)

    assert meter.identity.model.startswith(METERS[family].models)
    with pytest.raises(InstrumentError, match="NOBODY") as caught:
        opened("meter", family, serial_number="NOBODY")
    assert caught.value.code == "STN-METER"


def test_it_measures_what_flows_through_the_connector(live: Any, opened: Open, family: str) -> None:
    reading = opened("meter", family).read()

    power = live.power
    assert reading.volts.value == pytest.approx(power.connector_volts, rel=0.005)
    assert reading.amps.value == pytest.approx(power.supply_amps, rel=0.02)
    assert reading.watts.value == pytest.approx(reading.volts.value * reading.amps.value, rel=0.005)


def test_energy_counts_from_its_start_again_and_again(
    live: Any, gear: Any, opened: Open, family: str
) -> None:
    seconds = 0.3 if gear.name == "visa" else 3.0
    meter = opened("meter", family)
    for _ in range(2):
        meter.start_energy()
        gear.clock.sleep(seconds)
        reading = meter.read()
        assert reading.watt_hours.value == pytest.approx(reading.watts.value * seconds / 3600, rel=0.4)


@pytest.mark.parametrize(
    ("said", "status"),
    [("9.91E37", Status.NO_DATA), ("NAN", Status.NO_DATA), ("9.9E37", Status.OVERLOAD),
     ("INF", Status.OVERLOAD)],
)
def test_a_sentinel_is_a_status(
    gear: Any, opened: Open, family: str, says: Any, said: str, status: Status
) -> None:
    meter = opened("meter", family)
    wrong_of(gear, family).misbehave(question_of(family), says(f"13.6,{said},1062,0.1"))

    reading = meter.read()

    assert reading.amps.status is status
    assert reading.volts.value == 13.6


def test_its_own_overload_is_a_status(live: Any, opened: Open, family: str) -> None:
    live.board.effects.meter_overload = True
    try:
        reading = opened("meter", family).read()
    finally:
        live.board.effects.meter_overload = False

    assert {reading.volts.status, reading.amps.status, reading.watts.status} == {Status.OVERLOAD}


@pytest.mark.parametrize("fault", ["SILENT", "LATE", "HALF", "TWICE", "CLOSES", "FLOODS"])
def test_no_answer_is_taken_for_another(
    live: Any, gear: Any, opened: Open, family: str, faults: Any, fault: str
) -> None:
    if gear.name == "visa" and fault in ("SILENT", "LATE", "HALF"):
        pytest.skip("seconds of real time; in memory, and with a supply, it is waited for")
    meter = opened("meter", family)
    wrong_of(gear, family).misbehave(question_of(family), faults[fault])

    for _ in range(3):
        assert meter.read().volts.value == pytest.approx(13.6, rel=0.01)
        gear.clock.sleep(0.05)


def test_words_it_did_not_understand_are_raised(
    gear: Any, opened: Open, family: str, says: Any
) -> None:
    errors = METERS[family].family({}).error_query
    wrong_of(gear, family).misbehave(errors, says("32" if errors == "*ESR?" else '-113,"Undefined header"'))

    with pytest.raises(InstrumentError, match="set-up"):
        opened("meter", family)
