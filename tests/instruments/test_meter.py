from __future__ import annotations

from typing import Any

import pytest

from rig.clock import SystemClock
from rig.errors import InstrumentError
from rig.instruments import MeterSession, open_meter
from rig.slot import Status
from rig.slotentry import MeterEntry


class Wt310:
    """The part of a WT310E the family uses."""

    def __init__(self) -> None:
        self.identity = "YOKOGAWA,WT310E,91A1,F1.01"
        self.items: dict[str, str] = {}
        self.values = {"U": "13.598E+00", "I": "78.10E+00", "P": "1.0620E+03", "WH": "NAN"}
        self.state = "TIM"
        self.errors: list[str] = []

    def __call__(self, line: str) -> str | None:
        if line.startswith(":NUM:NORM:ITEM"):
            item, _, what = line.removeprefix(":NUM:NORM:ITEM").partition(" ")
            self.items[item] = what.partition(",")[0]
            return None
        match line:
            case "*IDN?":
                return self.identity
            case ":STAT:ERR?":
                return self.errors.pop(0) if self.errors else '0,"No error"'
            case ":NUM:NORM:VAL?":
                return ",".join(self.values[self.items[str(item)]] for item in range(1, 5))
            case ":INTEG:STOP":
                self.state = "STOP"
            case ":INTEG:RES":
                self.state = "RES"
            case ":INTEG:STAR":
                if self.state == "RES":
                    self.state = "STAR"
                else:
                    self.errors.append('844,"Attempted to start integration"')
            case ":INTEG:STAT?":
                return self.state
        return None


@pytest.fixture
def wt310() -> Wt310:
    return Wt310()


@pytest.fixture
def meter(wt310: Wt310, serve: Any) -> Any:
    opened = open_meter(MeterEntry(resource=serve(wt310).resource), SystemClock())
    yield opened
    opened.close()


def test_a_reading_by_its_items(meter: MeterSession, wt310: Wt310) -> None:
    reading = meter.read()

    assert (reading.volts.value, reading.amps.value, reading.watts.value) == (13.598, 78.1, 1062.0)
    assert reading.watt_hours.status is Status.NO_DATA
    assert wt310.items == {"1": "U", "2": "I", "3": "P", "4": "WH"}
    assert meter.identity.model == "WT310E"


def test_overload_is_a_status(meter: MeterSession, wt310: Wt310) -> None:
    wt310.values["I"] = "INF"

    assert meter.read().amps.status is Status.OVERLOAD
    assert meter.read().volts.ok


def test_energy_starts_from_any_state(meter: MeterSession, wt310: Wt310) -> None:
    for state in ("RES", "STAR", "STOP", "TIM"):
        wt310.state = state
        meter.start_energy()
        assert wt310.state == "STAR"


def test_another_model_is_refused(wt310: Wt310, serve: Any) -> None:
    wt310.identity = "Keysight Technologies,DAQ970A,MY1,A.02.04"

    with pytest.raises(InstrumentError, match="WT3") as caught:
        open_meter(MeterEntry(resource=serve(wt310).resource), SystemClock())
    assert caught.value.code == "STN-METER"


def test_a_setup_the_meter_did_not_understand_is_refused(wt310: Wt310, serve: Any) -> None:
    wt310.errors = ['113,"Undefined header"']

    with pytest.raises(InstrumentError, match="Undefined header"):
        open_meter(MeterEntry(resource=serve(wt310).resource), SystemClock())
