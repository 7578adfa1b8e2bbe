"""The bench's serial ports, opened by a host as any other."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable

import serial

from rig.sim.pty import PtyPort


async def until(condition: Callable[[], bool], port: PtyPort | None = None, seconds: float = 5.0) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it never came"
        if port is not None:
            port.look()
        await asyncio.sleep(0.002)


def run(body: Callable[[PtyPort, list[bytes]], Awaitable[None]]) -> None:
    async def main() -> None:
        got: list[bytes] = []
        port = PtyPort(got.append)
        try:
            await body(port, got)
        finally:
            port.close()

    asyncio.run(main())


def test_the_rate_of_the_host_is_seen_whatever_it_is() -> None:
    async def body(port: PtyPort, _: list[bytes]) -> None:
        with serial.Serial(port.path, 115_200) as host:
            assert port.baud == 115_200
            for rate in (3_125_000, 1_000_000, 57_600):
                host.baudrate = rate
                assert port.baud == rate

    run(body)


def test_every_byte_passes_both_ways() -> None:
    everything = bytes(range(256)) * 8

    async def body(port: PtyPort, got: list[bytes]) -> None:
        with serial.Serial(port.path, 3_125_000, timeout=0) as host:
            await until(lambda: port.is_open, port)
            host.write(everything)
            await until(lambda: sum(map(len, got)) == len(everything))
            assert b"".join(got) == everything
            port.write(everything)
            back = b""

            def all_back() -> bool:
                nonlocal back
                back += host.read(65_536)
                return len(back) == len(everything)

            await until(all_back)
            assert back == everything

    run(body)


def test_what_leaves_while_nobody_listens_is_lost() -> None:
    async def body(port: PtyPort, got: list[bytes]) -> None:
        port.look()
        port.write(b"lost")
        with serial.Serial(port.path, 9600, timeout=0) as host:
            await until(lambda: port.is_open, port)
            host.write(b"x")
            await until(lambda: got == [b"x"])
            assert host.read(100) == b""
        await until(lambda: not port.is_open, port)
        port.write(b"lost again")
        with serial.Serial(port.path, 9600, timeout=0) as host:
            await until(lambda: port.is_open, port)
            port.write(b"heard")
            await until(lambda: host.in_waiting >= 5)
            assert host.read(100) == b"heard"

    run(body)


def test_a_host_that_does_not_read_fills_a_bounded_buffer() -> None:
    async def body(port: PtyPort, _: list[bytes]) -> None:
        descriptor = os.open(port.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            await until(lambda: port.is_open, port)
            for _number in range(40):
                port.write(bytes(100_000))
            assert port.dropped > 2_000_000
            read = 0

            def drained() -> bool:
                nonlocal read
                with contextlib.suppress(BlockingIOError):
                    read += len(os.read(descriptor, 65_536))
                return read + port.dropped == 4_000_000

            await until(drained)
            port.write(b"fresh")
            await until(lambda: os.read(descriptor, 10) == b"fresh")
        finally:
            os.close(descriptor)

    run(body)
