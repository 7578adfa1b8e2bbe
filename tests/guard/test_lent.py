"""A supply lent by the guard's process, over its socket."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from rig.errors import GuardError

Until = Callable[..., float]

BORROWER = """
import socket, sys, time
from rig.clock import SystemClock
from rig.guard.client import GuardClient

client = GuardClient(sys.argv[1], "slot1", "check", SystemClock())
client.borrow(1.0, 0.1)
link = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
link.sendall(b"VOLT 1\\nCURR 0.1\\nOUTP ON\\n")
print("on", flush=True)
time.sleep(600)
"""


@pytest.fixture
def empty(bench: Any, until: Until) -> Any:
    """A bench with a guard up and nothing in slot1."""
    bench.bridges["slot1"].pins[5] = 0
    bench.supplies["slot1"].load_amps = 0.05
    bench.guard()
    client = bench.client()
    until(lambda: client.status()["slot1"]["state"] == "off", 10, "off")
    return bench


def borrower(bench: Any, until: Until) -> subprocess.Popen[str]:
    supply = bench.supplies["slot1"]
    process: subprocess.Popen[str] = bench.run("-c", BORROWER, str(bench.socket), str(supply.port))
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    until(lambda: supply.on, 5, "on")
    return process


def test_while_it_is_lent_the_guard_is_not_connected_and_leases_are_refused(
    empty: Any, until: Until
) -> None:
    client, supply = empty.client(), empty.supplies["slot1"]
    client.borrow(1.0, 0.1)
    until(lambda: not supply._links, 5, "the guard's session closed")

    client.require_loan()
    status = empty.client().status()["slot1"]
    assert (status["state"], status["supply"]) == ("lent", None)
    shown = empty.run("-m", "rig", "guard", "status", "--fixture", str(empty.fixture))
    said, _ = shown.communicate(timeout=60)
    assert "lent to" in said
    with pytest.raises(GuardError, match=r"lent to a check"):
        empty.client().lease()
    with pytest.raises(GuardError, match=r"lent to a check"):
        empty.client().borrow(1.0, 0.1)
    with pytest.raises(GuardError, match="no lease"):
        client.supply.read()

    client.close()
    until(lambda: supply._links, 5, "the guard's session")
    until(lambda: empty.client().status()["slot1"]["state"] == "off", 5, "off, and nobody there to be hurt")


@pytest.mark.parametrize(("number", "seconds"), [(signal.SIGKILL, 0.1), (signal.SIGSTOP, 1.1)])
def test_a_borrower_that_dies_or_stops_loses_it_at_once(
    empty: Any, until: Until, number: signal.Signals, seconds: float
) -> None:
    supply, process = empty.supplies["slot1"], borrower(empty, until)
    struck = time.monotonic()
    process.send_signal(number)

    until(lambda: not supply.on, 10, "off")
    assert supply.off_at - struck < seconds + 1.0         # a busy computer
    client = empty.client()
    until(lambda: client.status()["slot1"]["state"] == "off", 10, "proved off")
    assert "taken back" in [entry["event"] for entry in empty.log()]


def test_a_board_that_is_put_in_ends_it(empty: Any, until: Until) -> None:
    client, supply = empty.client(), empty.supplies["slot1"]
    client.borrow(1.0, 0.1)
    with socket.create_connection(("127.0.0.1", supply.port)) as link:
        link.sendall(b"OUTP ON\n")
        until(lambda: supply.on, 5, "on")
        empty.bridges["slot1"].pins[5] = 1

        until(lambda: not supply.on, 5, "off")
    with pytest.raises(GuardError, match="a board was put in"):
        client.require_loan()


def test_a_run_that_waits_for_its_lease_is_not_robbed_of_it(empty: Any, until: Until) -> None:
    with pytest.raises(GuardError, match="found a board in the slot"):
        empty.client("slot2").borrow(1.0, 0.1)
    leased = empty.client("slot2")
    leased.lease()
    with pytest.raises(GuardError, match="leased by run test"):
        empty.client("slot2").borrow(1.0, 0.1)
