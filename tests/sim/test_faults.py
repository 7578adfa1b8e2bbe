"""Every fault kind that is built: what a host sees of it, through the ports only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rig.bm13xx.registers import Register
from rig.bm13xx.replies import ReplyDecoder
from rig.recipe.eeprom_layout import EepromDamaged, decode_image
from rig.sim import faults as board_faults
from rig.sim import station_faults

MakeHost = Callable[..., Any]
EEPROM, MUX, SENSOR, FAN = 0x50, 0x70, 0x4C, 0x2F
CUSTOM = 0xFF
SHOWN: set[str] = set()


def shows(*kinds: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Marks a test as the one that shows these kinds."""
    SHOWN.update(kinds)
    return lambda test: test


def meter_values(host: Any) -> list[str]:
    host.tell(host.meter, ":NUM:NORM:NUM 3;ITEM1 U,1;ITEM2 I,1;ITEM3 P,1")
    return list(host.ask(host.meter, ":NUM:NORM:VAL?").split(","))


def image_of(host: Any) -> bytes:
    status, data = host.request(5, 0x40, bytes([EEPROM, 0, 255]))
    assert status == 0
    return bytes(data) + host.request(5, 0x40, bytes([EEPROM, 255, 1]))[1]


# ---- power and heat

@shows("hot_board")
def test_hot_board(host: MakeHost) -> None:
    celsius = []
    for faults in ((), ({"kind": "hot_board", "factor": 1.6},)):
        one = host(*faults, time_scale=1000)
        one.bring_up()
        one.job()
        one.slot.fans.drive[:] = 0.9
        one.wait(2.0)
        one.request(5, 0x20, bytes([MUX, 0x08]))
        celsius.append(one.request(5, 0x40, bytes([SENSOR, 0, 1]))[1][0] - 64)
    assert celsius[1] - 25 == pytest.approx(1.6 * (celsius[0] - 25), rel=0.12)


@shows("power_high")
def test_power_high(host: MakeHost) -> None:
    watts = []
    for faults in ((), ({"kind": "power_high", "factor": 1.1},)):
        one = host(*faults)
        one.bring_up()
        one.job()
        one.wait(0.5)
        watts.append(float(meter_values(one)[2]))
    assert watts[1] / watts[0] == pytest.approx(1.1, abs=0.02)


@shows("open_input")
def test_open_input(host: MakeHost) -> None:
    one = host({"kind": "open_input"})
    assert one.count() == 0
    one.tell(one.scanner, "CONF:VOLT:DC 100,(@120)")
    assert float(one.ask(one.scanner, "READ?")) == pytest.approx(15.0, rel=0.002)
    assert float(one.ask(one.supply, "MEAS:CURR?")) == 0
    assert one.domain_volts() == [0] * 13


@shows("domain_voltage")
@pytest.mark.parametrize("offset", [0.06, -0.06])
def test_domain_voltage(host: MakeHost, offset: float) -> None:
    found = []
    for faults in ((), ({"kind": "domain_voltage", "domain": 6, "offset_volts": offset},)):
        one = host(*faults)
        one.bring_up()
        one.job()
        one.wait(0.3)
        found.append(np.array(one.domain_volts()))
    change = found[1] - found[0]
    assert change[6] == pytest.approx(offset, abs=0.006)
    assert np.delete(change, 6) == pytest.approx(-offset / 12, abs=0.006)


@shows("short_circuit")
@pytest.mark.parametrize("ohms", [0.02, 0.005])
def test_short_circuit(host: MakeHost, ohms: float) -> None:
    one = host({"kind": "short_circuit", "ohms": ohms})
    one.pin(2, 1)
    one.tell(one.supply, "VOLT 2;:CURR 30;:OUTP ON")
    one.wait(0.5)
    assert float(one.ask(one.supply, "MEAS:CURR?")) == pytest.approx(30, rel=0.002)   # its limit
    assert one.slot.power.pad_volts == pytest.approx(30 * ohms, rel=0.01)
    assert one.ask(one.supply, "OUTP?") == "1"


@shows("leakage")
def test_leakage_rises_with_heat(host: MakeHost) -> None:
    amps = []
    for kinds in ((), ({"kind": "leakage", "amps": 2.0},)):
        one = host(*kinds)
        one.power(13.6)
        one.release()
        for celsius in (25.0, 57.0):
            one.board.heat.celsius = celsius
            one.wait(0.2)
            amps.append(float(one.ask(one.supply, "MEAS:CURR?")))
    assert amps[2] - amps[0] == pytest.approx(2.0, abs=0.06)
    assert amps[3] - amps[1] == pytest.approx(2.0 * np.e, abs=0.15)


def amps_cold(host: Any) -> float:
    host.pin(2, 1)
    host.tell(host.supply, "VOLT 2;:CURR 30;:OUTP ON")
    host.wait(0.5)
    return float(host.ask(host.supply, "MEAS:CURR?"))


def test_leaking_chips_hardly_leak_at_the_cold_volts(host: MakeHost) -> None:
    assert amps_cold(host({"kind": "leakage", "amps": 2.0})) < 0.2


@shows("dead_domain")
@pytest.mark.parametrize("domain", [0, 6, 12])
def test_a_shorted_domain_has_no_volts_and_the_others_share_them(host: MakeHost, domain: int) -> None:
    one = host({"kind": "dead_domain", "domain": domain, "how": "shorted"})
    assert one.count() == 5 * domain
    volts = np.array(one.domain_volts())
    assert volts[domain] == pytest.approx(0, abs=0.02)
    assert np.delete(volts, domain) == pytest.approx(15 / 12, abs=0.04)
    assert volts.sum() == pytest.approx(15, abs=0.05)


@pytest.mark.parametrize("domain", [0, 6, 12])
def test_a_silent_domain_rises(host: MakeHost, domain: int) -> None:
    one = host({"kind": "dead_domain", "domain": domain, "how": "silent"})
    assert one.count() == 5 * domain
    volts = np.array(one.domain_volts())
    assert volts[domain] > np.delete(volts, domain).max() + 0.08
    assert float(one.ask(one.supply, "MEAS:CURR?")) > 4.5     # the others have their clock


def test_a_domain_that_dies_while_all_hash_takes_those_after_it_along(host: MakeHost) -> None:
    one = host({"kind": "dead_domain", "domain": 4, "how": "shorted", "at_seconds": 4.0})
    one.bring_up()
    one.job()
    one.wait(5.0)
    assert np.flatnonzero(one.board.chain.hashing).max() < 20
    assert len(one.read(Register.CHIP_ID)) <= 20


# ---- EEPROM and sensors

@shows("eeprom_absent")
def test_eeprom_absent(host: MakeHost) -> None:
    one = host({"kind": "eeprom_absent"})
    assert one.request(5, 0x40, bytes([EEPROM, 0, 16])) == (CUSTOM, b"i2c: no acknowledge")
    assert one.request(5, 0x20, bytes([MUX, 1]))[0] == 0
    assert one.request(5, 0x40, bytes([SENSOR, 0, 1]))[0] == 0


@shows("eeprom_corrupt")
def test_eeprom_corrupt(host: MakeHost) -> None:
    with pytest.raises(EepromDamaged, match="checksum"):
        decode_image(image_of(host({"kind": "eeprom_corrupt"})))


@shows("eeprom_duplicate_serial")
def test_eeprom_duplicate_serial(host: MakeHost) -> None:
    one = host({"kind": "eeprom_duplicate_serial", "serial": "KNOWN000000000001"})
    assert decode_image(image_of(one)).serial == "KNOWN000000000001"


@shows("sensor_absent")
def test_sensor_absent(host: MakeHost) -> None:
    one = host({"kind": "sensor_absent", "sensor": 2})
    for sensor in range(4):
        one.request(5, 0x20, bytes([MUX, 1 << sensor]))
        assert (one.request(5, 0x40, bytes([SENSOR, 0, 1]))[0] == 0) == (sensor != 2)


@shows("sensor_stuck")
def test_sensor_stuck(host: MakeHost) -> None:
    one = host({"kind": "sensor_stuck", "sensor": 1, "celsius": 31.5}, {"kind": "sensor_stuck", "sensor": 2},
               time_scale=1000)
    seen = []
    for _ in range(2):
        for sensor in range(4):
            one.request(5, 0x20, bytes([MUX, 1 << sensor]))
            whole, part = (one.request(5, 0x40, bytes([SENSOR, at, 1]))[1][0] for at in (0x00, 0x15))
            seen.append(whole - 64 + part / 256)
        if len(seen) == 4:
            one.bring_up()
            one.slot.fans.drive[:] = 0.5
            one.job()
            one.wait(2.0)
    assert seen[1] == seen[5] == 31.5
    assert seen[2] == seen[6] == pytest.approx(25, abs=4)      # at what it first read
    assert min(seen[4], seen[7]) > 40


# ---- the station (sockets that refuse: test_bench.py)

@shows("uart_gone")
def test_uart_gone(host: MakeHost) -> None:
    one = host({"kind": "uart_gone"})
    assert one.count() == 0
    one.pin(1, 1)
    assert one.slot.receive(b"echo?", one.now, one.baud) == b""


def noisy(host: MakeHost, fault: dict[str, Any]) -> Any:
    """A board brought up in quiet, then five seconds of two jobs on the noisy wire."""
    one = host(fault | {"at_seconds": 6.0})
    one.bring_up()
    one.wait(6.5)
    one.raw = b""
    for job in range(2):
        one.hash_job(job, job + 1)
    return one


@shows("corrupt_replies")
def test_corrupt_replies(host: MakeHost) -> None:
    one = noisy(host, {"kind": "corrupt_replies", "rate": 0.1})
    block = ReplyDecoder(one.decoder.model).feed(one.raw)
    assert len(one.raw) % 11 == 0, "no byte is lost"
    whole = len(one.raw) // 11
    assert (whole - len(block.nonces)) / whole == pytest.approx(0.1, abs=0.01)
    assert {len(piece) % 11 for piece in block.damaged} == {0}


@shows("lost_bytes")
def test_lost_bytes(host: MakeHost) -> None:
    one = noisy(host, {"kind": "lost_bytes", "rate": 0.01})
    block = ReplyDecoder(one.decoder.model).feed(one.raw)
    missing = sum(-len(piece) % 11 for piece in block.damaged)
    assert missing / (len(one.raw) + missing) == pytest.approx(0.01, abs=0.002)
    assert np.median([len(piece) for piece in block.damaged]) == 10


def test_noise_is_between_board_and_fixture(host: MakeHost) -> None:
    one = host({"kind": "corrupt_replies", "rate": 1.0})
    one.pin(1, 1)
    assert one.slot.receive(b"echo?", one.now, one.baud) == b"echo?"


@shows("bridge_unreachable")
def test_bridge_unreachable(host: MakeHost) -> None:
    assert host({"kind": "bridge_unreachable"}).request(6, 3) == (-1, b"")


@shows("meter_overload")
def test_meter_overload(host: MakeHost) -> None:
    one = host({"kind": "meter_overload"})
    one.power()
    assert meter_values(one) == ["INF"] * 3


@shows("fan_fail")
def test_fan_fail(host: MakeHost) -> None:
    one = host({"kind": "fan_fail", "fan": 2})
    one.wait(3.0)
    counts = []
    for fan in range(4):
        high = one.request(5, 0x40, bytes([FAN, 0x3E + 0x10 * fan, 1]))[1][0]
        counts.append(high << 5)
    assert [count > 0x1F00 for count in counts] == [False, False, True, False]


@shows("estop", "lid_open")
@pytest.mark.parametrize(("kind", "pin"), [("estop", 3), ("lid_open", 4)])
def test_an_open_loop_drops_the_contactor_within_fifty_milliseconds(
    host: MakeHost, kind: str, pin: int
) -> None:
    one = host({"kind": kind, "at_seconds": 6.0})
    one.bring_up()
    one.job()
    while one.pin(pin):
        one.wait(0.01)
        one.slot.advance(one.now)               # a pin that is read is up to a long step old
    struck = one.now
    assert one.slot.power.pad_volts > 13
    while one.slot.power.supply_amps:
        one.wait(0.005)
    assert one.now - struck <= 0.05
    one.wait(0.5)
    assert one.slot.power.pad_volts < 2
    assert float(one.ask(one.supply, "MEAS:CURR?")) == 0
    assert one.ask(one.supply, "OUTP?") == "1"          # the supply knows nothing of it
    assert not one.board.chain.hashing.any()
    assert one.pin(5) == 1


@shows("board_removed")
def test_board_removed(host: MakeHost) -> None:
    one = host({"kind": "board_removed", "at_seconds": 6.0})
    one.bring_up()
    one.job()
    one.wait(8.0)
    assert one.pin(5) == 0
    assert float(one.ask(one.supply, "MEAS:CURR?")) == 0
    assert one.request(5, 0x40, bytes([EEPROM, 0, 1]))[0] == CUSTOM
    assert one.request(5, 0x40, bytes([FAN, 0xFD, 1]))[0] == 0
    one.raw = b""
    one.wait(0.5)
    assert one.raw == b""
    assert one.domain_volts() == [0] * 13


# ---- when they strike

def test_faults_wait_for_the_output_and_then_for_their_time(host: MakeHost) -> None:
    one = host(
        {"kind": "meter_overload", "at_seconds": 2.0}, {"kind": "eeprom_absent", "at_seconds": 0.0}
    )
    one.wait(10.0)
    assert one.request(5, 0x40, bytes([EEPROM, 0, 1]))[0] == 0
    one.power()
    assert one.request(5, 0x40, bytes([EEPROM, 0, 1]))[0] == CUSTOM
    assert meter_values(one) != ["INF"] * 3
    one.tell(one.supply, "OUTP OFF")
    one.wait(2.5)
    assert meter_values(one) == ["INF"] * 3             # counted from the first time on, and it stays


def test_two_faults_at_once(host: MakeHost) -> None:
    one = host({"kind": "dead_chip", "chip": 40}, {"kind": "broken_response", "chip": 50},
               {"kind": "sensor_absent", "sensor": 0})
    assert one.count() == 40
    one.request(5, 0x20, bytes([MUX, 1]))
    assert one.request(5, 0x40, bytes([SENSOR, 0, 1]))[0] == CUSTOM


def test_every_kind_of_power_board_and_fixture_is_shown(kinds_of: Callable[[Any], set[str]]) -> None:
    sockets = {"supply_unreachable", "meter_unreachable", "scanner_unreachable"}
    assert SHOWN | sockets == kinds_of(board_faults)


def test_every_kind_of_the_station_is_shown(kinds_of: Callable[[Any], set[str]]) -> None:
    assert kinds_of(station_faults) == {                # tests/sim/test_station_faults.py
        "supply_hangs", "supply_trips", "supply_readback_offset", "meter_offset", "late_reply",
        "contact_resistance", "sense_open", "cable_open", "will_not_warm", "ambient",
    }
