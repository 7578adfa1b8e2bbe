from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from rig.clock import SystemClock
from rig.errors import UsageError
from rig.instruments.transport import Flooded, Interrupted, Lost, Silent
from rig.instruments.visa import VisaTransport

Serve = Callable[[Callable[[str], str | None]], Any]


def echo(line: str) -> str | None:
    return line.removesuffix("?") if line.endswith("?") else None


@pytest.fixture
def transport(serve: Serve) -> Any:
    made: list[VisaTransport] = []

    def start(server: Any) -> VisaTransport:
        made.append(VisaTransport(server.resource, SystemClock()))
        made[-1].reopen()
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.mark.parametrize("name", ["GPIB0::5::INSTR", "TCPIP::host::INSTR", "USB0::1::2::3::INSTR", "", "x"])
def test_only_socket_resources_are_spoken(name: str) -> None:
    with pytest.raises(UsageError, match="TCPIP::host::port::SOCKET"):
        VisaTransport(name, SystemClock())


def test_a_refused_port_is_lost_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    transport = VisaTransport(f"TCPIP::127.0.0.1::{port}::SOCKET", SystemClock())
    began = time.monotonic()

    with pytest.raises(Lost, match="refused"):
        transport.reopen()

    assert time.monotonic() - began < 1.0
    transport.close()


def test_a_port_that_does_not_accept_is_lost_within_seconds() -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen(0)
        address = door.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        transport = VisaTransport(f"TCPIP::127.0.0.1::{address[1]}::SOCKET", SystemClock())
        began = time.monotonic()

        with pytest.raises(Lost, match="could not connect"):
            transport.reopen()

        assert time.monotonic() - began < 5.0
        transport.close()
        for filler in fillers:
            filler.close()


def test_writes_before_a_question_cost_no_delayed_acknowledge(serve: Serve, transport: Any) -> None:
    link = transport(serve(echo))
    seconds = []
    for turn in range(20):
        began = time.perf_counter()
        link.write("SET 1")
        link.write("SET 2")
        link.write(f"{turn}?")
        assert link.read_line(2.0) == str(turn)
        seconds.append(time.perf_counter() - began)

    assert statistics.median(seconds) < 0.02    # 0.044 s without TCP_NODELAY


def test_silence_ends_on_time(serve: Serve, transport: Any) -> None:
    link = transport(serve(echo))
    began = time.monotonic()

    with pytest.raises(Silent):
        link.read_line(0.1)

    assert 0.1 <= time.monotonic() - began < 1.0


def test_a_closed_peer_is_seen_at_once(serve: Serve, transport: Any, faults: Any) -> None:
    server = serve(echo)
    server.misbehave("a?", faults.CLOSES)
    link = transport(server)
    link.write("a?")
    began = time.monotonic()

    with pytest.raises(Lost, match="closed"):
        link.read_line(10.0)

    assert time.monotonic() - began < 2.0


def test_a_flood_is_cut_off(serve: Serve, transport: Any, faults: Any) -> None:
    server = serve(echo)
    server.misbehave("a?", faults.FLOODS)
    link = transport(server)
    link.write("a?")

    with pytest.raises(Flooded):
        link.read_line(5.0)


def test_a_second_line_is_seen_waiting(serve: Serve, transport: Any, faults: Any) -> None:
    server = serve(echo)
    server.misbehave("a?", faults.TWICE)
    link = transport(server)
    assert not link.waiting()
    link.write("a?")

    assert link.read_line(2.0) == "a"
    assert link.waiting()


def test_an_interrupt_ends_a_pending_read_and_lasts_until_calmed(serve: Serve, transport: Any) -> None:
    link = transport(serve(echo))
    timer = threading.Timer(0.1, link.interrupt)
    timer.start()
    began = time.monotonic()

    with pytest.raises(Interrupted):
        link.read_line(10.0)
    assert time.monotonic() - began < 2.0
    timer.join()
    link.reopen()
    with pytest.raises(Interrupted):
        link.write("a?")
    link.calm()
    link.write("a?")
    assert link.read_line(2.0) == "a"


def test_nothing_can_be_said_before_opening(serve: Serve) -> None:
    link = VisaTransport(serve(echo).resource, SystemClock())

    with pytest.raises(Lost):
        link.write("a?")

    link.close()
    link.interrupt()
