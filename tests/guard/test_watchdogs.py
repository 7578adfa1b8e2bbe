"""Watchdogs in the mains, armed and fed by the guard's process: a relay by the bridge, a PDU by HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from rig.errors import InstrumentError
from rig.slot import Phase, Protection

Until = Callable[..., float]
FEED, CLOSED = 6, 7


class LittlePdu:
    """One outlet and its watchdog, whose every order is kept; ``deaf`` it refuses the watchdog's."""

    def __init__(self) -> None:
        self.orders: list[str] = []
        self.watch, self.deaf = "0", False
        pdu = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if self.path == "/outlets/1/watchdog" and not pdu.deaf:
                    pdu.orders.append(body)
                    pdu.watch = body
                self._answer()

            def do_GET(self) -> None:
                self._answer()

            def _answer(self) -> None:
                text = pdu.watch if self.path.endswith("/watchdog") else "1"
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Nothing to the test's output."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def pdu() -> Iterator[LittlePdu]:
    made = LittlePdu()
    yield made
    made.close()


def with_relay(bench: Any) -> None:
    slots = bench._fixture()["slots"]
    slots["slot1"] |= {"watchdog": "relay", "watchdog_seconds": 1}
    slots["slot1"]["pins"] = slots["slot1"]["pins"] | {"watchdog_feed": FEED, "watchdog_closed": CLOSED}
    bench.change(slots=slots)


def with_pdu(bench: Any, base: str) -> None:
    slots = bench._fixture()["slots"]
    slots["slot1"] |= {"watchdog": "pdu", "watchdog_seconds": 1}
    slots["slot1"]["supply"]["pdu_outlet"] = 1
    bench.change(slots=slots, pdu=base)


def switch_on(bench: Any) -> Any:
    client = bench.client()
    client.lease()
    client.supply.enter(Phase.COLD, 30.0)
    client.supply.on(2.0, Protection(16.0, 100.0), 2.0)
    return client


def test_a_relay_sees_edges_for_as_long_as_the_guard_lives(bench: Any) -> None:
    with_relay(bench)
    bench.bridges["slot1"].pins[CLOSED] = 1
    bench.guard()
    switch_on(bench)

    edges, level, deadline = 0, bench.bridges["slot1"].pins[FEED], time.monotonic() + 1.0
    while time.monotonic() < deadline:
        now = bench.bridges["slot1"].pins[FEED]
        edges, level = edges + (now != level), now
        time.sleep(0.005)
    assert edges >= 3
    assert bench.supplies["slot1"].on


def test_a_relay_that_does_not_close_keeps_the_output_off(bench: Any) -> None:
    with_relay(bench)
    bench.guard()

    with pytest.raises(InstrumentError, match="watchdog relay: found it open"):
        switch_on(bench)
    assert not bench.supplies["slot1"].on


def test_an_outlets_watchdog_is_armed_fed_and_disarmed_when_all_is_off(
    bench: Any, pdu: LittlePdu, until: Until
) -> None:
    with_pdu(bench, pdu.base)
    bench.guard()
    assert pdu.orders == []
    client = switch_on(bench)
    assert pdu.orders[0] == "1"
    until(lambda: len(pdu.orders) >= 4, 5, "feeds")
    client.supply.off()

    until(lambda: pdu.orders[-1] == "0", 5, "disarmed")
    events = [entry["reason"] for entry in bench.log()]
    assert "watchdog of outlet 1 armed, 1 s" in events


def test_an_outlet_whose_watchdog_is_not_armed_keeps_the_output_off(bench: Any, pdu: LittlePdu) -> None:
    pdu.deaf = True
    with_pdu(bench, pdu.base)
    bench.guard()

    with pytest.raises(InstrumentError, match="after setting watchdog to 1"):
        switch_on(bench)
    assert not bench.supplies["slot1"].on
