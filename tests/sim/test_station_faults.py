"""Faults of power path, instruments and room: what a host sees of each, through the ports only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rig.sim.effects import Part
from rig.sim.manners import Manners

MakeHost = Callable[..., Any]
FAN = 0x2F


def supply_reads(host: Any) -> tuple[float, float]:
    volts, amps = (float(word) for word in host.ask(host.supply, "MEAS:VOLT?;:MEAS:CURR?").split(";"))
    return volts, amps


def meter_reads(host: Any) -> tuple[float, float, float]:
    host.tell(host.meter, ":NUM:NORM:NUM 3;ITEM1 U,1;ITEM2 I,1;ITEM3 P,1")
    volts, amps, watts = (float(word) for word in host.ask(host.meter, ":NUM:NORM:VAL?").split(","))
    return volts, amps, watts


def pad_volts(host: Any) -> float:
    host.tell(host.scanner, "CONF:VOLT:DC 100,(@120)")
    return float(host.ask(host.scanner, "READ?"))


def working(host: Any) -> Any:
    host.bring_up()
    host.hash_job(seconds=0.5)
    return host


def test_contact_resistance_lies_between_connector_and_pads(host: MakeHost) -> None:
    one = working(host({"kind": "contact_resistance", "ohms": 0.005}))
    volts, amps, _ = meter_reads(one)
    assert volts == pytest.approx(13.6, abs=0.01)
    assert (volts - pad_volts(one)) / amps == pytest.approx(0.0065, abs=0.0002)


def test_open_sense_leads_leave_the_supply_at_its_own_terminals(host: MakeHost) -> None:
    one = working(host({"kind": "sense_open"}))
    connector, amps, _ = meter_reads(one)
    assert supply_reads(one)[0] == pytest.approx(13.6, abs=0.01)
    assert connector == pytest.approx(13.6 - 0.002 * amps, abs=0.01)


def test_an_open_cable_leaves_the_terminals_dead(host: MakeHost) -> None:
    one = host({"kind": "cable_open"})
    one.power(2.0)
    assert supply_reads(one) == pytest.approx((2.0, 0.0), abs=0.01)
    assert meter_reads(one) == pytest.approx((0.0, 0.0, 0.0), abs=0.01)
    assert pad_volts(one) == pytest.approx(0.0, abs=0.01)


def test_a_cable_that_opens_live_leaves_the_pads_to_run_down(host: MakeHost) -> None:
    one = host({"kind": "cable_open", "at_seconds": 1})
    one.power(15.0)
    assert pad_volts(one) == pytest.approx(15.0, abs=0.05)
    one.wait(8.0)
    assert pad_volts(one) < 2.0
    assert supply_reads(one)[0] == pytest.approx(15.0, abs=0.01)


@pytest.mark.parametrize("volts", [0.1, -0.1])
def test_an_offset_is_in_the_read_back_alone(host: MakeHost, volts: float) -> None:
    one = host({"kind": "supply_readback_offset", "volts": volts})
    one.power(2.0)
    assert supply_reads(one)[0] == pytest.approx(2.0 + volts, abs=0.005)
    assert meter_reads(one)[0] == pytest.approx(2.0, abs=0.005)


@pytest.mark.parametrize("watts", [40.0, -40.0])
def test_a_meter_that_is_off_reads_its_other_figures_right(host: MakeHost, watts: float) -> None:
    one = working(host({"kind": "meter_offset", "watts": watts}))
    volts, amps, read = meter_reads(one)
    assert read - volts * amps == pytest.approx(watts, abs=1.5)


def test_a_supply_trips_below_its_set_level_and_says_so(host: MakeHost) -> None:
    one = host({"kind": "supply_trips", "amps": 60.0})
    one.bring_up()
    assert one.ask(one.supply, "STAT:QUES:COND?") == "0"
    one.hash_job(seconds=0.5)
    assert one.ask(one.supply, "STAT:QUES:COND?;:OUTP?") == "2;0"


def test_a_supply_that_hangs_obeys_no_more(host: MakeHost) -> None:
    one = host({"kind": "supply_hangs", "at_seconds": 2})
    one.power()
    manners = Manners(one.slot, Part.SUPPLY, one.supply.handle)
    assert manners.handle("*IDN?", one.now) is not None
    one.wait(2.0)
    assert manners.handle("*IDN?", one.now) is None
    assert manners.handle("OUTP OFF", one.now) is None
    assert one.slot.output.on


@pytest.mark.parametrize("part", [Part.SUPPLY, Part.METER, Part.SCANNER])
def test_an_answer_comes_late_from_the_instrument_named(host: MakeHost, part: Part) -> None:
    one = host({"kind": "late_reply", "instrument": part.value, "ms": 2000})
    instruments = {Part.SUPPLY: one.supply, Part.METER: one.meter, Part.SCANNER: one.scanner}
    for other, instrument in instruments.items():
        answer = Manners(one.slot, other, instrument.handle).handle("*IDN?", one.now)
        assert answer.at - one.now == pytest.approx(2.0 if other is part else 0.0)
    empty = Manners(one.slot, part, instruments[part].handle)
    assert empty.handle("*CLS", one.now) is None


def test_fans_that_will_not_slow_down(host: MakeHost) -> None:
    one = host({"kind": "will_not_warm"})
    for fan in range(4):
        one.request(5, 0x20, bytes([FAN, 0x30 + 16 * fan, 76]))
    one.wait(5.0)
    assert min(one.slot.fans.rpm) > 6000
    assert one.slot.fans.air == pytest.approx(1.0)


@pytest.mark.parametrize("celsius", [10.0, 45.0])
def test_a_room_out_of_range_and_the_board_with_it(host: MakeHost, celsius: float) -> None:
    one = host({"kind": "ambient", "celsius": celsius})
    assert one.board.hottest_celsius == pytest.approx(celsius)


def test_a_room_that_turns_hot_takes_the_board_along_slowly(host: MakeHost) -> None:
    one = host({"kind": "ambient", "celsius": 60.0, "at_seconds": 1})
    one.power(2.0)
    one.wait(1.0)
    assert 25.0 < one.board.heat.celsius < 45.0
    assert one.board.heat.ambient == 60.0


def test_a_short_across_the_rail_takes_what_the_supply_gives(host: MakeHost) -> None:
    one = host()
    one.board.effects.short_ohms = 0.02
    one.pin(2, 1)
    one.tell(one.supply, "VOLT 2;:CURR 2;:OUTP ON")
    one.wait(0.5)
    volts, amps = supply_reads(one)
    assert amps == pytest.approx(2.0, abs=0.01)
    assert volts == pytest.approx(2.0 * 0.0215, abs=0.002)
    assert one.ask(one.supply, "STAT:OPER:COND?") == "2"
