"""Every fault kind that is built: what a host sees of it, through the ports only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rig.bm13xx.registers import Register
from rig.bm13xx.replies import ReplyDecoder
from rig.recipe.eeprom_layout import EepromDamaged, decode_image
from rig.sim.scenario import BUILT

MakeHost = Callable[..., Any]
EEPROM, MUX, SENSOR, FAN = 0x50, 0x70, 0x4C, 0x2F
CUSTOM = 0xFF
SHOWN: set[str] = set()


def shows(*kinds: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Marks a test as the one that shows these kinds."""
    SHOWN.update(kinds)
    return lambda test: test


def count_of(host: Any) -> int:
    host.power()
    host.release()
    return len(host.discover())


def domain_volts(host: Any) -> list[float]:
    host.tell(host.scanner, "CONF:VOLT:DC 10,(@101:113)")
    return [float(volts) for volts in host.ask(host.scanner, "READ?").split(",")]


def meter_values(host: Any) -> list[str]:
    host.tell(host.meter, ":NUM:NORM:NUM 3;ITEM1 U,1;ITEM2 I,1;ITEM3 P,1")
    return list(host.ask(host.meter, ":NUM:NORM:VAL?").split(","))


def image_of(host: Any) -> bytes:
    status, data = host.request(5, 0x40, bytes([EEPROM, 0, 255]))
    assert status == 0
    return bytes(data) + host.request(5, 0x40, bytes([EEPROM, 255, 1]))[1]


def rates(host: Any) -> np.ndarray:
    """Hit rate of each chip over both jobs of the pack."""
    host.bring_up()
    hits = sum(host.hits(host.hash_job(job, job + 1), job) for job in range(2))
    return np.asarray(hits) / 320


# ---- the chain

@shows("dead_chip")
@pytest.mark.parametrize("chip", [0, 1, 32, 64])
def test_dead_chip(host: MakeHost, chip: int) -> None:
    one = host({"kind": "dead_chip", "chip": chip})
    assert count_of(one) == chip
    one.configure(200.0)
    nonces = one.hash_job(seconds=1.0)
    assert int(one.board.chain.hashing.sum()) == chip
    if chip > 1:
        assert set(one.layout.chip_of(nonces.counter).tolist()) == set(range(chip))


def test_dead_chip_leaves_those_after_it_on_their_idle_clock(host: MakeHost) -> None:
    one = host({"kind": "dead_chip", "chip": 32})
    count_of(one)
    one.configure(400.0)
    assert one.board.chain.chips.mhz[31:33].tolist() == [400.0, 50.0]


@shows("broken_response")
@pytest.mark.parametrize("chip", [0, 20])
def test_broken_response(host: MakeHost, chip: int) -> None:
    one = host({"kind": "broken_response", "chip": chip})
    assert count_of(one) == chip
    one.configure()
    one.tell(one.supply, "VOLT 13.6")
    nonces = one.hash_job(seconds=1.0)
    assert one.board.chain.hashing.all()                 # they work and draw power, unheard
    assert float(one.ask(one.supply, "MEAS:CURR?")) > 60
    assert set(one.layout.chip_of(nonces.counter).tolist()) == set(range(chip))


@shows("no_clock", "reset_stuck")
@pytest.mark.parametrize("kind", ["no_clock", "reset_stuck"])
def test_silent_chain_with_a_good_rail(host: MakeHost, kind: str) -> None:
    one = host({"kind": kind})
    assert count_of(one) == 0
    assert one.raw == b""
    assert domain_volts(one) == [pytest.approx(15 / 13, abs=0.05)] * 13
    assert float(one.ask(one.supply, "MEAS:CURR?")) < 4.5   # leakage only: a good one draws 6 A


@shows("wrong_chip_id")
def test_wrong_chip_id(host: MakeHost) -> None:
    one = host({"kind": "wrong_chip_id", "chip": 9, "id": 0x1368})
    one.power()
    one.release()
    ids = [reply.value >> 16 for reply in one.discover()]
    assert ids == [0x1370] * 9 + [0x1368] + [0x1370] * 55


# ---- silicon

@shows("weak_chip")
def test_weak_chip(host: MakeHost) -> None:
    found = rates(host({"kind": "weak_chip", "chip": 17, "rate": 0.8}))
    assert found[17] == pytest.approx(0.8, abs=0.08)
    assert np.delete(found, 17).min() > 0.98


@shows("slow_board")
def test_slow_board(host: MakeHost) -> None:
    found = rates(host({"kind": "slow_board", "rate": 0.9}))
    assert found.mean() == pytest.approx(0.9, abs=0.01)
    assert found.min() > 0.83


@shows("bad_cores")
@pytest.mark.parametrize("cores", [[3, 64, 127], 40])
def test_bad_cores(host: MakeHost, cores: Any) -> None:
    one = host({"kind": "bad_cores", "chip": 5, "cores": cores})
    one.bring_up()
    seen: set[int] = set()
    known: set[int] = set()
    for job in range(2):
        nonces = one.hash_job(job, job + 1)
        seen |= set(nonces.core[one.layout.chip_of(nonces.counter) == 5].tolist())
        rows = one.pack.answers_of(job)
        known |= set(one.pack.core[rows][one.pack.chip_index[rows] == 5].tolist())
    missing = known - seen
    if isinstance(cores, list):
        assert set(cores) & known <= missing
        assert len(missing) <= 4
    else:
        assert 25 < len(missing) <= 43
        assert int(one.board.effects.dead_cores[5].sum()) == cores


@shows("hardware_errors")
def test_hardware_errors(host: MakeHost) -> None:
    one = host({"kind": "hardware_errors", "chip": 30, "rate": 0.25})
    one.bring_up()
    nonces = one.hash_job()
    hits = one.hits(nonces)
    returned = np.bincount(one.layout.chip_of(nonces.counter), minlength=65)
    assert returned[30] >= 155
    assert hits[30] / returned[30] == pytest.approx(0.75, abs=0.1)
    assert (hits[:30] / returned[:30]).mean() > 0.999
    assert one.read(Register.NONCE_ERROR_COUNTER, 60)[0].value == returned[30] - hits[30]


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
    assert count_of(one) == 0
    one.tell(one.scanner, "CONF:VOLT:DC 100,(@120)")
    assert float(one.ask(one.scanner, "READ?")) == pytest.approx(15.0, rel=0.002)
    assert float(one.ask(one.supply, "MEAS:CURR?")) == 0
    assert domain_volts(one) == [0] * 13


@shows("domain_voltage")
@pytest.mark.parametrize("offset", [0.06, -0.06])
def test_domain_voltage(host: MakeHost, offset: float) -> None:
    found = []
    for faults in ((), ({"kind": "domain_voltage", "domain": 6, "offset_volts": offset},)):
        one = host(*faults)
        one.bring_up()
        one.job()
        one.wait(0.3)
        found.append(np.array(domain_volts(one)))
    change = found[1] - found[0]
    assert change[6] == pytest.approx(offset, abs=0.006)
    assert np.delete(change, 6) == pytest.approx(-offset / 12, abs=0.006)


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


# ---- the station (sockets that refuse: test_bench.py)

@shows("uart_gone")
def test_uart_gone(host: MakeHost) -> None:
    one = host({"kind": "uart_gone"})
    assert count_of(one) == 0
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
    assert domain_volts(one) == [0] * 13


# ---- when they strike

@pytest.mark.parametrize(
    "fault", [{"kind": "dead_chip", "chip": 12}, {"kind": "broken_response", "chip": 12}]
)
def test_a_chain_that_breaks_while_it_hashes(host: MakeHost, fault: dict[str, Any]) -> None:
    one = host(fault | {"at_seconds": 8.0})
    assert count_of(one) == 65
    one.configure()
    one.tell(one.supply, "VOLT 13.6")
    one.job()
    while one.board.effects.commands_reach == one.board.effects.replies_reach == 65:
        one.wait(0.05)
    one.wait(0.1)
    one.frames = one.frames[:0]
    one.wait(0.5)
    word = np.ascontiguousarray(one.frames[:, 2:6]).view(">u4").ravel().astype(np.uint32)
    assert one.layout.chip_of(word & np.uint32(0x1FF_FFFF)).max() < 12


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
    assert count_of(one) == 40
    one.request(5, 0x20, bytes([MUX, 1]))
    assert one.request(5, 0x40, bytes([SENSOR, 0, 1]))[0] == CUSTOM


def test_every_kind_that_is_built_is_shown() -> None:
    sockets = {"supply_unreachable", "meter_unreachable", "scanner_unreachable"}
    assert SHOWN | sockets == set(BUILT)
