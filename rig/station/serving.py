"""The station as a process: one loop, one web server, one lock; ends on a signal and leaves runs going."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from rig.clock import SystemClock
from rig.errors import UsageError
from rig.station.app import make_app
from rig.station.badges import BadgeFile
from rig.station.place import Place
from rig.station.sessions import Sessions
from rig.station.station import Station

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class _Server(uvicorn.Server):
    """Signals are the station's business: uvicorn would end the process before it has let go."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(place: Place, badges: BadgeFile, host: str, port: int, told: Callable[[str], None]) -> None:
    """Run the station until SIGTERM or SIGINT. ``told`` is given the address when it is ready.

    Raises UsageError when another station of this fixture is up or the port is taken, StationFault
    when the bench or the store cannot be used.
    """
    lock = place.runtime.lock("station")
    if not lock.try_acquire():
        raise UsageError(
            f"a station of {place.fixture.fixture} is up already (process {lock.holder().get('pid')}, "
            f"in {place.runtime.folder}); expected none"
        )
    try:
        with _listening(host, port) as door:
            left = asyncio.run(_serve(place, badges, host, door, told))
    finally:
        lock.release()
    if left:
        # multiprocessing would wait for its children at the end of Python; these are to go on
        sys.stdout.flush()
        os._exit(0)


async def _serve(
    place: Place, badges: BadgeFile, host: str, door: socket.socket, told: Callable[[str], None]
) -> int:
    """How many runs it has left to themselves."""
    clock = SystemClock()
    station, sessions = Station(place, clock), Sessions(badges, clock)
    view = view_token(place.runtime.folder / "station.view")
    app = make_app(station, sessions, view, {*LOOPBACK, host.lower(), socket.gethostname().lower()})
    server = _Server(uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="off", ws="websockets-sansio",
        server_header=False, timeout_graceful_shutdown=2,
    ))
    loop = asyncio.get_running_loop()

    def end() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    await station.open()
    work = asyncio.create_task(station.serve())
    work.add_done_callback(lambda _done: end())
    try:
        port = door.getsockname()[1]
        place.runtime.station_address.write_text(_address_here(host, port), encoding="ascii")
        told(f"http://{host}:{port}/?view={view}")
        await server.serve(sockets=[door])
    finally:
        work.cancel()
        try:
            await work
        except asyncio.CancelledError:
            pass
        finally:
            left = len(station.crew.runs)
            await station.close()
    return left


def _address_here(host: str, port: int) -> str:
    """For whoever asks on this computer."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{reached}]:{port}/" if ":" in reached else f"http://{reached}:{port}/"


def view_token(file: Path) -> str:
    """The token of the station's screens, made once for a runtime directory."""
    try:
        kept = file.read_text(encoding="ascii").strip()
        if kept:
            return kept
    except OSError:
        pass
    token = secrets.token_urlsafe(24)
    file.touch(mode=0o600)
    file.write_text(token, encoding="ascii")
    return token


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Raises UsageError when the address cannot be had."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        door = socket.create_server((host, port), family=family)
    except OSError as error:
        raise UsageError(f"--host {host} --port {port}: found {error}, expected a free address") from error
    with door:
        yield door
