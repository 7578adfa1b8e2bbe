"""The chain's line over raw TCP, connected to by a host as to any serial server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

from rig.sim.hostport import PENDING_BYTES
from rig.sim.tcpline import TcpLine

Body = Callable[[TcpLine, list[bytes]], Awaitable[None]]


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it never came"
        await asyncio.sleep(0.002)


def run(body: Body, baud: float = 115_740.0) -> None:
    async def main() -> None:
        got: list[bytes] = []
        line = TcpLine(got.append, lambda: baud)
        try:
            await body(line, got)
        finally:
            line.close()

    asyncio.run(main())


def host_of(line: TcpLine) -> socket.socket:
    scheme, _, address = line.path.partition("://")
    assert scheme == "tcp"
    name, _, port = address.partition(":")
    host = socket.create_connection((name, int(port)), timeout=5)
    host.setblocking(False)
    return host


async def hears(host: socket.socket, expected: bytes) -> None:
    """Wait for just these bytes."""
    back = b""

    def complete() -> bool:
        nonlocal back
        back += heard(host) or b""
        return len(back) >= len(expected)

    await until(complete)
    assert back == expected


def heard(host: socket.socket) -> bytes | None:
    """What has come, None once the bench has closed the connection."""
    try:
        return host.recv(1 << 20) or None
    except BlockingIOError:
        return b""
    except ConnectionError:
        return None


def test_every_byte_passes_both_ways_and_the_rate_is_the_one_told() -> None:
    everything = bytes(range(256)) * 64

    async def body(line: TcpLine, got: list[bytes]) -> None:
        with host_of(line) as host:
            await until(lambda: line.is_open)
            host.sendall(everything)
            await until(lambda: sum(map(len, got)) == len(everything))
            line.write(everything)
            await hears(host, everything)
            assert b"".join(got) == everything
            assert line.baud == 1_041_667.0
        await until(lambda: not line.is_open)

    run(body, baud=1_041_667.0)


def test_without_a_host_bytes_are_lost_and_the_next_host_hears_only_its_own() -> None:
    async def body(line: TcpLine, _: list[bytes]) -> None:
        line.write(b"nobody hears this")
        with host_of(line) as host:
            await until(lambda: line.is_open)
            line.write(b"this")
            await hears(host, b"this")

    run(body)


def test_a_second_host_is_turned_away_and_the_first_not_disturbed() -> None:
    async def body(line: TcpLine, _: list[bytes]) -> None:
        with host_of(line) as first:
            await until(lambda: line.is_open)
            with host_of(line) as second:
                await until(lambda: heard(second) is None)
            line.write(b"still yours")
            await hears(first, b"still yours")

    run(body)


def test_a_host_that_comes_back_at_once_is_taken_and_its_last_words_were_heard() -> None:
    async def body(line: TcpLine, got: list[bytes]) -> None:
        for word in (b"one", b"two", b"three"):
            with host_of(line) as host:
                host.sendall(word)
        with host_of(line) as host:
            await until(lambda: line.is_open and b"".join(got) == b"onetwothree")
            line.write(b"!")
            await hears(host, b"!")

    run(body)


def test_what_a_host_does_not_read_is_bounded_and_counted() -> None:
    async def body(line: TcpLine, _: list[bytes]) -> None:
        with host_of(line):
            await until(lambda: line.is_open)
            for _ in range(64):
                line.write(bytes(1 << 18))
            assert line.dropped >= (64 << 18) - 3 * PENDING_BYTES - (16 << 20)
            assert line.dropped > 0
            line.drop_pending()

    run(body)
