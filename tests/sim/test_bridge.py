"""The fixture bridge: packets, pins, and every device on its I2C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.recipe.eeprom_layout import decode_image
from rig.sim.i2c import Eeprom, FanController, Mux, NoAckError
from rig.sim.thermal import Fans

MakeHost = Callable[..., Any]
EEPROM, MUX, SENSOR, FAN = 0x50, 0x70, 0x4C, 0x2F
OK, INVALID, CUSTOM = 0x00, 0x11, 0xFF


def read(host: Any, address: int, register: int, count: int = 1) -> bytes:
    status, data = host.request(5, 0x40, bytes([address, register, count]))
    assert status == OK
    return bytes(data)


# ---- packets

def test_answers_echo_their_id_and_count_the_whole_packet(host: MakeHost) -> None:
    one = host()
    answer = one.bridge.receive(bytes([6, 0, 0xA7, 0, 6, 3]), one.now)
    assert answer == bytes([5, 0, 0xA7, 0, 1])


def test_requests_may_come_in_pieces_or_several_at_once(host: MakeHost) -> None:
    one = host()
    packet = bytes([6, 0, 1, 0, 6, 3])
    assert one.bridge.receive(packet[:3], one.now) == b""
    assert len(one.bridge.receive(packet[3:] + packet * 2, one.now)) == 15


def test_a_torn_packet_is_dropped_after_a_silence(host: MakeHost) -> None:
    one = host()
    one.bridge.receive(bytes([9, 0, 1]), one.now)
    one.wait(1.0)
    assert one.request(6, 3) == (OK, b"\x01")


@pytest.mark.parametrize(
    ("page", "command", "data"),
    [(0x0C, 0, b""), (5, 0x99, b"\x50"), (5, 0x20, b""), (5, 0x30, b"\x50"), (6, 3, b"\x01"), (7, 0x50, b"")],
)
def test_what_it_does_not_know_is_invalid(host: MakeHost, page: int, command: int, data: bytes) -> None:
    assert host().request(page, command, data)[0] == INVALID


@given(data=st.binary(max_size=40))
def test_any_bytes_are_survived(host: MakeHost, data: bytes) -> None:
    one = host()
    one.bridge.receive(data, one.now)
    one.wait(1.0)
    assert one.request(6, 3) == (OK, b"\x01")


# ---- pins

def test_relays_rest_discharging_and_in_reset_and_inputs_are_closed(host: MakeHost) -> None:
    one = host()
    assert [one.pin(number) for number in range(6)] == [0, 0, 0, 1, 1, 1]
    assert one.pin(2, 1) == 1
    assert one.pin(2) == 1


def test_loopback_joins_the_hosts_line_to_itself(host: MakeHost) -> None:
    one = host()
    one.power()
    one.release()
    one.pin(1, 1)
    assert one.slot.receive(b"\x00\xff hello", one.now, 9600.0) == b"\x00\xff hello"
    one.discover()
    one.pin(1, 0)
    assert one.slot.receive(b"hello", one.now, 115_200.0) == b""
    one.registers.clear()
    assert len(one.discover()) == 65


def test_the_discharge_relay_empties_the_pads(host: MakeHost) -> None:
    one = host()
    one.power(15.0)
    one.tell(one.supply, "OUTP OFF")
    one.wait(0.3)
    held = one.slot.power.pad_volts
    assert held > 1.0
    one.pin(2, 0)
    one.wait(0.3)
    assert one.slot.power.pad_volts < held * 0.1
    assert float(one.ask(one.supply, "MEAS:VOLT?")) == pytest.approx(one.slot.power.pad_volts, abs=0.01)


# ---- devices

def test_the_eeprom_names_the_board(host: MakeHost) -> None:
    one = host()
    image = b"".join(read(one, EEPROM, start, 32) for start in range(0, 256, 32))
    identity = decode_image(image)
    assert identity.serial == "SIMTEST0000000001"
    assert identity.board_name == "BHB68606"
    assert identity.pt1_result == 1
    one.board.scan("OTHER000000000002")
    image = b"".join(read(one, EEPROM, start, 32) for start in range(0, 256, 32))
    assert decode_image(image).serial == "OTHER000000000002"


def test_a_literal_serial_stays_whatever_is_scanned(host: MakeHost) -> None:
    one = host(boards={"slot1": {"serial": "LITERAL0000000009"}})
    one.board.scan("OTHER000000000002")
    assert one.board.eeprom_serial == "LITERAL0000000009"


def test_eeprom_pages_wrap_and_a_write_needs_its_time(host: MakeHost) -> None:
    one = host()
    assert one.request(5, 0x20, bytes([EEPROM, 0x76]) + bytes(range(1, 5)))[0] == OK
    assert one.request(5, 0x40, bytes([EEPROM, 0x70, 8]))[0] == CUSTOM
    one.wait(0.006)
    assert read(one, EEPROM, 0x70, 8) == b"\x03\x04\xff\xff\xff\xff\x01\x02"


def test_eeprom_reads_go_on_where_they_ended() -> None:
    part = Eeprom(bytes(range(256)))
    part.write(b"\xfe", 0.0)
    assert part.read(3, 0.0) == b"\xfe\xff\x00"
    assert part.read(1, 0.0) == b"\x01"
    part.write(b"\x00\x55", 0.0)
    with pytest.raises(NoAckError):
        part.read(1, 0.004)


def test_sensors_sit_behind_the_mux(host: MakeHost) -> None:
    one = host(ambient_celsius=31)
    assert one.request(5, 0x40, bytes([SENSOR, 0, 1]))[0] == CUSTOM
    for channel in range(4):
        assert one.request(5, 0x20, bytes([MUX, 1 << channel]))[0] == OK
        assert one.request(5, 0x30, bytes([MUX, 1])) == (OK, bytes([1 << channel]))
        celsius = read(one, SENSOR, 0x00)[0] - 64 + (read(one, SENSOR, 0x15)[0] >> 4) / 16
        assert celsius == pytest.approx(31, abs=3)
    assert read(one, SENSOR, 0xFE) == b"\x55"


def test_a_sensor_told_to_leave_the_extended_range(host: MakeHost) -> None:
    one = host(ambient_celsius=31)
    one.request(5, 0x20, bytes([MUX, 1]))
    extended = read(one, SENSOR, 0x00)[0]
    one.request(5, 0x20, bytes([SENSOR, 0x09, 0x00]))
    assert read(one, SENSOR, 0x03) == b"\x00"
    assert read(one, SENSOR, 0x00)[0] == extended - 64


def test_the_mux_keeps_its_control_byte() -> None:
    mux = Mux()
    mux.write(b"\x05", 0.0)
    assert mux.read(2, 0.0) == b"\x05\x05"


def test_fans_are_driven_and_their_speed_read(host: MakeHost) -> None:
    one = host()
    assert (read(one, FAN, 0xFD), read(one, FAN, 0xFE)) == (b"\x34", b"\x5d")
    for fan in range(4):
        one.request(5, 0x20, bytes([FAN, 0x30 + 0x10 * fan, 76]))
    one.wait(3.0)
    for fan in range(4):
        count = read(one, FAN, 0x3E + 0x10 * fan)[0] << 5 | read(one, FAN, 0x3F + 0x10 * fan)[0] >> 3
        assert 3_932_160 / count == pytest.approx(320 + 6330 * 76 / 255, rel=0.03)
    assert read(one, FAN, 0x40) == b"\x4c"


def test_a_fan_that_stands_still_reads_the_longest_count() -> None:
    fans = Fans(1)
    fans.stop({1})
    fans.step(20.0)
    part = FanController(fans)
    part.write(b"\x4e", 0.0)
    assert part.read(2, 0.0) == b"\xff\xf8"


def test_an_address_without_a_device_does_not_acknowledge(host: MakeHost) -> None:
    status, text = host().request(5, 0x30, bytes([0x33, 1]))
    assert (status, text) == (CUSTOM, b"i2c: no acknowledge")
