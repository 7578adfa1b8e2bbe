from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig.clock import SystemClock
from rig.errors import BridgeError, NoAcknowledge
from rig.instruments.bridge import Bridge, Level


@pytest.fixture
def bridge(pty_bridge: Any) -> Iterator[Bridge]:
    opened = Bridge(pty_bridge.path, SystemClock())
    yield opened
    opened.close()


def test_pins_are_driven_and_read_back(bridge: Bridge, pty_bridge: Any) -> None:
    bridge.set_pin(2, Level.HIGH)

    assert pty_bridge.pins[2] == 1
    assert bridge.pin(2) is Level.HIGH
    assert bridge.pin(3) is Level.LOW


def test_a_pin_that_stays_where_it_was_is_a_fault(bridge: Bridge, pty_bridge: Any) -> None:
    pty_bridge.stuck.add(0)

    with pytest.raises(BridgeError, match="pin 0 low after driving it"):
        bridge.set_pin(0, Level.HIGH)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(min_size=1, max_size=64), start=st.integers(0, 100))
def test_i2c_registers_come_back(bridge: Bridge, pty_bridge: Any, data: bytes, start: int) -> None:
    pty_bridge.devices[0x50] = {}

    bridge.i2c_write(0x50, bytes([start]) + data)

    assert bridge.i2c_write_read(0x50, bytes([start]), len(data)) == data


def test_a_plain_read(bridge: Bridge, pty_bridge: Any) -> None:
    pty_bridge.devices[0x70] = {0: 0x04}

    assert bridge.i2c_read(0x70, 1) == b"\x04"


def test_an_absent_device_is_no_fault_of_the_bridge(bridge: Bridge) -> None:
    with pytest.raises(NoAcknowledge, match="0x4C"):
        bridge.i2c_write_read(0x4C, b"\x00", 1)
    assert bridge.pin(0) is Level.LOW


def test_answers_to_earlier_requests_are_dropped(bridge: Bridge, pty_bridge: Any) -> None:
    bridge.pin(0)
    bridge._next_id = 1
    pty_bridge.before_answer = bytes([5, 0, 0xEE, 0, 1]) + bytes([4, 0, 0xEF, 0x12])

    assert bridge.pin(0) is Level.LOW


def test_late_answers_to_a_dead_guard_are_nobodys(bridge: Bridge, pty_bridge: Any) -> None:
    """A guard was killed with questions open; a busy bridge answers them to its successor."""
    pty_bridge.before_answer = b"".join(bytes([5, 0, number, 0, 1]) for number in range(1, 6))

    assert [bridge.pin(0) for _ in range(6)] == [Level.LOW] * 6


def test_a_silent_bridge_is_given_up_after_its_second(bridge: Bridge, pty_bridge: Any) -> None:
    pty_bridge.silent = True
    began = time.monotonic()

    with pytest.raises(BridgeError, match="no answer") as caught:
        bridge.pin(3)

    assert 0.9 < time.monotonic() - began < 2.0
    assert caught.value.code == "STN-BRIDGE"
    assert not isinstance(caught.value, NoAcknowledge)


def test_an_impossible_length_is_a_fault_and_forgotten(bridge: Bridge, pty_bridge: Any) -> None:
    pty_bridge.raw = b"\xff\xff\x00\x00"
    with pytest.raises(BridgeError, match="firmware not V1"):
        bridge.pin(3)

    assert bridge.pin(3) is Level.LOW


def test_the_wrong_number_of_bytes_is_a_fault(bridge: Bridge, pty_bridge: Any) -> None:
    pty_bridge.devices[0x50] = {}
    bridge.pin(0)
    bridge._next_id = 1
    pty_bridge.raw = bytes([5, 0, 2, 0, 7])

    with pytest.raises(BridgeError, match="1 bytes, expected 4"):
        bridge.i2c_read(0x50, 4)


def test_a_port_that_is_gone_is_a_fault(pty_bridge: Any) -> None:
    with pytest.raises(BridgeError, match="no-such-port"):
        Bridge("/dev/no-such-port", SystemClock())
    bridge = Bridge(pty_bridge.path, SystemClock())
    pty_bridge.close()

    with pytest.raises(BridgeError):
        bridge.pin(0)
    bridge.close()


def test_one_owner_only(bridge: Bridge, pty_bridge: Any) -> None:
    with pytest.raises(BridgeError, match=r"lock|busy|exclusive"):
        Bridge(pty_bridge.path, SystemClock())
    assert bridge.pin(0) is Level.LOW


def test_a_posted_level_is_waited_for_by_nobody(bridge: Bridge, pty_bridge: Any) -> None:
    bridge.post_pin(5, Level.HIGH)
    assert bridge.pin(5) is Level.LOW, "nothing is sent before the first question"

    bridge.post_pin(5, Level.HIGH)
    bridge.post_pin(6, Level.HIGH)

    assert bridge.pin(3) is Level.LOW
    assert (pty_bridge.pins[5], pty_bridge.pins[6]) == (1, 1)
    assert bridge.take_refusals() == []


def test_a_posted_level_that_is_refused_is_known_afterwards(bridge: Bridge, pty_bridge: Any) -> None:
    bridge.pin(3)
    pty_bridge.refused.add(5)

    bridge.post_pin(5, Level.HIGH)

    assert bridge.pin(3) is Level.LOW
    assert bridge.take_refusals() == [5]
    assert bridge.take_refusals() == []


def test_a_bridge_that_hangs_holds_no_post_up(bridge: Bridge, pty_bridge: Any) -> None:
    bridge.pin(3)
    pty_bridge.silent = True
    began = time.monotonic()

    for _ in range(20):
        bridge.post_pin(5, Level.HIGH)

    assert time.monotonic() - began < 0.5
