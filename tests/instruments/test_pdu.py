"""The last way off: an outlet that is switched, read back, and never waited for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rig.errors import InstrumentError
from rig.instruments.pdu import Outlet


class Pdu(ThreadingHTTPServer):
    """Two outlets over HTTP; ``stuck`` takes orders and does nothing, ``mute`` never answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.levels = {"1": "1", "2": "1"}
        self.watchdogs = {"1": "0", "2": "0"}
        self.stuck = False
        self.mute = threading.Event()
        self.release = threading.Event()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Pdu

    def do_PUT(self) -> None:
        level = self.rfile.read(int(self.headers["Content-Length"])).decode()
        values, number = self._asked()
        if not self.server.stuck and number in values:
            values[number] = level
        self.do_GET()

    def _asked(self) -> tuple[dict[str, str], str]:
        _, _, number, *rest = self.path.split("/")
        return (self.server.watchdogs if rest == ["watchdog"] else self.server.levels), number

    def do_GET(self) -> None:
        if self.server.mute.is_set():
            self.server.release.wait(10)
            return
        values, number = self._asked()
        level = values.get(number)
        self.send_response(200 if level else 404)
        self.end_headers()
        self.wfile.write((level or "none").encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def pdu() -> Iterator[Pdu]:
    server = Pdu()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_cut_and_feed_move_one_outlet(pdu: Pdu) -> None:
    outlet = Outlet(pdu.base, 2)

    outlet.cut()
    assert pdu.levels == {"1": "1", "2": "0"}
    outlet.feed()
    assert pdu.levels == {"1": "1", "2": "1"}


def test_an_outlet_that_does_not_move_is_told(pdu: Pdu) -> None:
    pdu.stuck = True

    with pytest.raises(InstrumentError, match="found '1' after setting 0") as caught:
        Outlet(pdu.base, 1).cut()
    assert caught.value.code == "STN-SUPPLY"


def test_a_watchdog_is_armed_fed_and_disarmed_by_one_word(pdu: Pdu) -> None:
    outlet = Outlet(pdu.base, 2)

    outlet.watch(2.5)
    assert pdu.watchdogs == {"1": "0", "2": "2.5"}
    outlet.watch(0)
    assert pdu.watchdogs == {"1": "0", "2": "0"}
    pdu.stuck = True
    with pytest.raises(InstrumentError, match="found '0' after setting watchdog to 2"):
        outlet.watch(2.0)


def test_a_wrong_number_is_told(pdu: Pdu) -> None:
    with pytest.raises(InstrumentError, match="HTTP 404"):
        Outlet(pdu.base, 7).cut()


def test_a_pdu_that_never_answers_does_not_hold_the_way_off(pdu: Pdu) -> None:
    pdu.mute.set()

    with pytest.raises(InstrumentError, match="timed out"):
        Outlet(pdu.base, 1).cut()


def test_a_pdu_that_is_gone_is_told() -> None:
    with pytest.raises(InstrumentError, match="refused"):
        Outlet("http://127.0.0.1:9", 1).cut()
