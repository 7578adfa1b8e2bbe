"""The run's end of the pipe: it never blocks, whatever becomes of the station."""

from __future__ import annotations

import json
import math
import socket
from collections.abc import Iterator

import pytest

from rig.pytestplugin.progress import Status
from rig.station.reporter import Pipe, Reporter, facts_of


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, Pipe]]:
    station, run = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pipe = Pipe(run)
    yield station, pipe
    pipe.close()
    station.close()


def test_a_status_goes_up_as_json_without_nan(ends: tuple[socket.socket, Pipe]) -> None:
    station, pipe = ends

    Reporter(pipe, ()).show(Status(phase="soak", watts=math.nan, celsius=55.04, volts=13.6))

    said = json.loads(station.recv(65536))
    assert (said["kind"], said["phase"], said["watts"], said["celsius"]) == ("status", "soak", None, 55.0)


def test_a_station_that_does_not_listen_holds_no_run_up(ends: tuple[socket.socket, Pipe]) -> None:
    station, pipe = ends

    for _ in range(5000):
        pipe.send("status", phase="x" * 500)

    kept = 0
    station.setblocking(False)
    while True:
        try:
            json.loads(station.recv(65536))
        except BlockingIOError:
            break
        kept += 1
    assert 0 < kept < 5000


def test_a_station_that_is_gone_is_not_missed(ends: tuple[socket.socket, Pipe]) -> None:
    station, pipe = ends
    station.close()

    Reporter(pipe, ()).show(Status())

    assert list(pipe.presses()) == []


def test_presses_come_into_the_record(ends: tuple[socket.socket, Pipe]) -> None:
    station, pipe = ends
    kept: list[tuple[str, str]] = []
    reporter = Reporter(pipe, ("0417 scanned SLOT-1",))

    reporter.began(lambda kind, text: kept.append((kind, text)))
    station.send(b"0417 stop slot1")
    reporter.show(Status())

    assert kept == [("press", "0417 scanned SLOT-1"), ("press", "0417 stop slot1")]


def test_an_empty_status_says_nothing_of_chips() -> None:
    assert "hit_shares" not in facts_of(Status())
