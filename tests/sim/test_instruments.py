"""The three dialects on a live board, and how they hang together electrically."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

MakeHost = Callable[..., Any]


@pytest.fixture
def hashing(host: MakeHost) -> Any:
    one = host(time_scale=1000)
    one.bring_up()
    one.job()
    one.wait(1.0)
    return one


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.replace(";", ",").split(",")]


def test_identities(host: MakeHost) -> None:
    one = host()
    assert one.ask(one.supply, "*IDN?") == "RIGSIM,SPS20-120,slot1,1.0"
    assert one.ask(one.meter, "*IDN?") == "YOKOGAWA,WT310E,slot1,F1.01"
    assert one.ask(one.scanner, "*IDN?") == "Keysight Technologies,DAQ970A,slot1,A.02.04"


def test_supply_settings_read_back(host: MakeHost) -> None:
    one = host()
    one.tell(one.supply, "VOLT 14.25;:CURR 90;:VOLT:PROT 16;:CURR:PROT 98;:CURR:PROT:STAT ON")
    text = one.ask(one.supply, "VOLT?;:CURR?;:VOLT:PROT?;:CURR:PROT?;:CURR:PROT:STAT?;:OUTP?")
    assert numbers(text) == [14.25, 90, 16, 98, 1, 0]
    one.tell(one.supply, "VOLT 21")
    assert one.ask(one.supply, "SYST:ERR?").startswith("-222")
    assert numbers(one.ask(one.supply, "VOLT?")) == [14.25]


def test_supply_meter_and_scanner_agree_but_for_cable_and_contact(hashing: Any) -> None:
    volts, amps, watts = numbers(hashing.ask(hashing.supply, "MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?"))
    hashing.tell(hashing.meter, ":NUM:NORM:NUM 3;ITEM1 U,1;ITEM2 I,1;ITEM3 P,1")
    connector, current, power = numbers(hashing.ask(hashing.meter, ":NUM:NORM:VAL?"))
    hashing.tell(hashing.scanner, "CONF:VOLT:DC 10,(@101:113)")
    hashing.tell(hashing.scanner, "CONF:VOLT:DC 100,(@120)")
    hashing.tell(hashing.scanner, "ROUT:SCAN (@101:113,120)")
    *domains, pads = numbers(hashing.ask(hashing.scanner, "READ?"))
    assert amps == pytest.approx(76, abs=4)
    assert current == pytest.approx(amps, rel=0.001)
    assert volts == pytest.approx(connector, abs=0.016)      # the sense leads end at the connector
    assert connector - pads == pytest.approx(0.0015 * amps, abs=0.016)
    assert sum(domains) == pytest.approx(pads, rel=0.002)
    assert watts == pytest.approx(volts * amps, rel=0.002)
    assert power == pytest.approx(connector * current, rel=0.002)
    assert hashing.ask(hashing.supply, "STAT:OPER:COND?") == "1"


def test_current_limit_folds_the_volts(hashing: Any) -> None:
    hashing.tell(hashing.supply, "CURR 50")
    hashing.wait(0.1)
    volts, amps = numbers(hashing.ask(hashing.supply, "MEAS:VOLT?;:MEAS:CURR?"))
    assert amps == pytest.approx(50, rel=0.002)
    assert volts < 12
    assert hashing.ask(hashing.supply, "STAT:OPER:COND?") == "2"


def test_protection_trips_and_holds(hashing: Any) -> None:
    hashing.tell(hashing.supply, "CURR:PROT 40")
    hashing.wait(0.1)
    assert hashing.ask(hashing.supply, "OUTP?;:STAT:QUES:COND?;:STAT:OPER:COND?") == "0;2;4"
    hashing.tell(hashing.supply, "OUTP ON")
    assert hashing.ask(hashing.supply, "SYST:ERR?").startswith("-221")
    hashing.tell(hashing.supply, "CURR:PROT 100;:OUTP:PROT:CLE;:OUTP ON")
    assert hashing.ask(hashing.supply, "OUTP?;:STAT:QUES:COND?") == "1;0"


def test_over_volts_trip(host: MakeHost) -> None:
    one = host()
    one.power(15.0)
    one.tell(one.supply, "VOLT:PROT 14")
    one.wait(0.1)
    assert one.ask(one.supply, "OUTP?;:STAT:QUES:COND?") == "0;1"


def test_reset_of_the_supply_switches_off(hashing: Any) -> None:
    hashing.tell(hashing.supply, "*RST")
    hashing.wait(0.1)
    assert hashing.ask(hashing.supply, "OUTP?;:VOLT?").startswith("0;+0")
    assert not hashing.slot.output.over_amps_armed


def test_energy_counts_between_start_and_stop(hashing: Any) -> None:
    hashing.tell(hashing.meter, ":NUM:NORM:NUM 2;ITEM1 P,1;ITEM2 WH,1")
    assert hashing.ask(hashing.meter, ":NUM:NORM:VAL?").endswith(",NAN")
    hashing.tell(hashing.meter, ":INTEG:MODE NORM")
    hashing.tell(hashing.meter, ":INTEG:STAR")
    assert hashing.ask(hashing.meter, ":INTEG:STAT?") == "STAR"
    hashing.wait(3.6)
    watts, hours = numbers(hashing.ask(hashing.meter, ":NUM:NORM:VAL?"))
    assert hours == pytest.approx(watts * 3.6 / 3600, rel=0.02)
    hashing.tell(hashing.meter, ":INTEG:RES")
    assert hashing.ask(hashing.meter, ":STAT:ERR?").startswith("813")
    hashing.tell(hashing.meter, ":INTEG:STOP")
    hashing.wait(1.0)
    assert numbers(hashing.ask(hashing.meter, ":NUM:NORM:VAL?"))[1] == pytest.approx(hours, rel=0.01)
    hashing.tell(hashing.meter, ":INTEG:RES")
    assert hashing.ask(hashing.meter, ":INTEG:STAT?") == "RES"


def test_a_scan_takes_its_channels_time(host: MakeHost) -> None:
    one = host()
    one.tell(one.scanner, "CONF:VOLT:DC 10,(@101:113)")
    before = one.now
    assert len(numbers(one.ask(one.scanner, "READ?"))) == 13
    assert one.now - before == pytest.approx(13 * 2 / 60, abs=0.001)
    one.tell(one.scanner, "VOLT:DC:NPLC 10,(@101:113)")
    one.tell(one.scanner, "INIT")
    one.tell(one.scanner, "INIT")
    assert one.ask(one.scanner, "SYST:ERR?").startswith("-213")
    before = one.now
    first = one.ask(one.scanner, "FETC?")
    assert one.now - before == pytest.approx(13 * 20 / 60, abs=0.001)
    assert one.ask(one.scanner, "FETC?") == first


def test_scan_lists_and_formats(host: MakeHost) -> None:
    one = host()
    one.power(13.6)
    one.tell(one.scanner, "CONF:VOLT:DC 1,(@101,120)")
    one.tell(one.scanner, "FORM:READ:CHAN ON")
    assert one.ask(one.scanner, "ROUT:SCAN?") == "#210(@101,120)"
    assert one.ask(one.scanner, "ROUT:SCAN:SIZE?") == "+2"
    volts, channel, over, terminal = numbers(one.ask(one.scanner, "READ?"))
    assert (channel, terminal, over) == (101, 120, 9.9e37)
    assert volts == pytest.approx(13.6 / 13, abs=0.1)
    one.tell(one.scanner, "CONF:VOLT:DC AUTO,(@120)")
    assert numbers(one.ask(one.scanner, "READ?")) == [pytest.approx(13.6, rel=0.001)]
    for message, code in (("ROUT:SCAN 101", "-168"), ("FORM:READ:TIME ON", "-221"), ("CONF:VOLT:DC", "-168")):
        one.tell(one.scanner, message)
        assert one.ask(one.scanner, "SYST:ERR?").startswith(code), message
    one.tell(one.scanner, "*RST")
    one.tell(one.scanner, "READ?")
    assert one.ask(one.scanner, "SYST:ERR?").startswith("221")


def test_channels_nothing_is_wired_to_read_nothing(host: MakeHost) -> None:
    one = host()
    one.power(13.6)
    one.tell(one.scanner, "CONF:VOLT:DC 10,(@114:119)")
    assert max(numbers(one.ask(one.scanner, "READ?"))) == 0
