"""The guard as a process, with real instruments' ports and real workers."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from rig.clock import SystemClock
from rig.errors import BridgeError, GuardError, GuardTrip, InstrumentError, NoAcknowledge
from rig.fixturefile import load_fixture
from rig.guard.server import Guard
from rig.guard.wire import decode, encode
from rig.runtime import Runtime
from rig.slot import Mode, Phase, Protection

Until = Callable[..., float]

PROTECTION = Protection(16.0, 100.0)

WORKER = """
import sys, time
from rig.clock import SystemClock
from rig.errors import GuardTrip
from rig.guard.client import GuardClient
from rig.slot import Phase, Protection

client = GuardClient(sys.argv[1], sys.argv[2], "worker", SystemClock())
client.lease()
client.supply.enter(Phase.HASHING, float(sys.argv[3]))
client.supply.on(13.6, Protection(16.0, 100.0), 95.0)
print("live", flush=True)
try:
    while True:
        client.supply.read()
        time.sleep(0.05)
except GuardTrip as trip:
    print(trip.code, flush=True)
    print(client.supply.off(), flush=True)
    time.sleep(600)
"""


def start_worker(bench: Any, slot: str = "slot1", seconds: float = 60.0) -> subprocess.Popen[str]:
    worker: subprocess.Popen[str] = bench.run("-c", WORKER, str(bench.socket), slot, str(seconds))
    assert worker.stdout is not None
    assert worker.stdout.readline() == "live\n"
    assert bench.supplies[slot].on
    return worker


def go_live(bench: Any, slot: str = "slot1", phase: Phase = Phase.HASHING, seconds: float = 60.0) -> Any:
    client = bench.client(slot)
    client.lease()
    client.supply.enter(phase, seconds)
    volts, amps = (2.0, 2.0) if phase is Phase.COLD else (13.6, 95.0)
    client.supply.on(volts, PROTECTION, amps)
    assert bench.supplies[slot].on
    return client


def trip_of(client: Any, until: Until, seconds: float = 10.0) -> str:
    """The code of the trip the client's calls raise, once they do."""
    found: list[str] = []

    def tripped() -> bool:
        try:
            client.side.fan_rpm()
        except GuardTrip as trip:
            found.append(trip.code)
        return bool(found)

    until(tripped, seconds, "a trip")
    return found[0]


# -- the ordinary way


def test_a_whole_run(bench: Any) -> None:
    bench.guard()
    supply, bridge = bench.supplies["slot1"], bench.bridges["slot1"]
    client = bench.client()
    client.lease()
    assert client.supply_identity() == "Little,PS,SN1,1.0"
    client.supply.enter(Phase.COLD, 10.0)
    client.supply.on(2.0, PROTECTION, 2.0)
    assert bridge.pins[0] == 0
    assert bridge.pins[2] == 1
    assert client.supply.read().mode is Mode.CONSTANT_VOLTAGE
    assert client.supply.read().volts.value == 2.0
    client.supply.enter(Phase.PRE_OPEN, 30.0)
    client.supply.on(15.0, PROTECTION, 95.0)
    client.side.release_reset()
    assert bridge.pins[0] == 1
    assert supply.levels == {"VOLT": 15.0, "CURR": 95.0, "VOLT:PROT": 16.0, "CURR:PROT": 100.0}
    client.supply.set_volts(13.6)
    assert supply.levels["VOLT"] == 13.6

    assert client.supply.off() < 1.0

    assert not supply.on
    assert bridge.pins[0] == 0
    assert bridge.pins[2] == 0
    client.close()


def test_the_side_channel(bench: Any) -> None:
    bench.guard()
    bridge, client = bench.bridges["slot1"], bench.client()
    client.lease()

    client.side.set_fans(0.5)
    assert client.side.fan_rpm() == pytest.approx((3485.0,) * 4, rel=0.02)
    assert client.side.i2c_write_read(0x50, b"\x10", 3) == b"\x10\x11\x12"
    with pytest.raises(NoAcknowledge, match="0x51"):
        client.side.i2c_read(0x51, 1)
    client.side.close_loopback()
    assert bridge.pins[1] == 1
    client.side.open_loopback()
    assert bridge.pins[1] == 0


def test_the_workers_mux_stays_where_it_was_put(bench: Any, until: Until) -> None:
    bench.guard()
    bridge, client = bench.bridges["slot1"], bench.client()
    client.lease()
    client.side.i2c_write(0x70, b"\x04")
    seen = threading.Event()

    def watched(data: bytes, plain: Any = bridge._sensor) -> Any:
        seen.set()
        return plain(data)

    bridge._sensor = watched
    until(seen.is_set, 5, "the guard's own look at the sensors")
    for _ in range(200):
        assert client.side.i2c_read(0x70, 1) == b"\x04"
    whole = client.side.i2c_write_read(0x4C, b"\x00", 1)[0]
    assert whole - 64 == 32


def test_a_second_worker_is_told_who_holds_the_slot(bench: Any) -> None:
    bench.guard()
    bench.client().lease()

    with pytest.raises(GuardError, match=rf"leased by run test \(process {os.getpid()}\)"):
        bench.client().lease()
    bench.client("slot2").lease()


def test_a_lease_given_back_can_be_taken_again_at_once(bench: Any) -> None:
    bench.guard()
    for _ in range(3):
        client = go_live(bench)
        client.close()
    assert not bench.supplies["slot1"].on


def test_without_a_lease_nothing_is_done(bench: Any) -> None:
    bench.guard()
    client = bench.client()
    with pytest.raises(GuardError, match="lease"):
        client.supply.on(2.0, PROTECTION, 2.0)
    with socket.socket(socket.AF_UNIX) as link, link.makefile("rb") as lines:
        link.connect(str(bench.socket))
        for op in ("on", "off", "i2c", "reset", "nonesuch"):
            link.sendall(encode({"op": op, "slot": "slot1", "token": "guessed", "level": 1}))
            assert decode(lines.readline())["ok"] is False
        link.sendall(b"not json\n")
        assert decode(lines.readline())["error"]["kind"] == "usage"
    assert not bench.supplies["slot1"].on


def test_no_guard_is_one_clear_error(bench: Any) -> None:
    with pytest.raises(GuardError, match="found no guard"):
        bench.client().lease()


# -- the worker dies


@pytest.mark.parametrize(
    ("number", "most"), [(signal.SIGKILL, 1.0), (signal.SIGTERM, 1.0), (signal.SIGSTOP, 2.0)]
)
def test_a_worker_that_dies_or_stops_is_switched_off(
    bench: Any, until: Until, number: signal.Signals, most: float
) -> None:
    bench.guard()
    supply = bench.supplies["slot1"]
    worker = start_worker(bench)
    began = time.monotonic()

    worker.send_signal(number)

    until(lambda: not supply.on, 5, "off")
    assert supply.off_at - began < most
    until(lambda: bench.bridges["slot1"].pins[2] == 0, 5, "the discharge relay")
    assert bench.bridges["slot1"].pins[0] == 0


def test_a_stuck_worker_that_still_beats_is_stopped_at_its_deadline(bench: Any, until: Until) -> None:
    bench.guard()
    supply = bench.supplies["slot1"]
    worker = start_worker(bench, seconds=1.5)
    began = time.monotonic()

    until(lambda: not supply.on, 5, "off")

    assert worker.poll() is None
    assert supply.off_at - began < 2.5


def test_a_stopped_worker_that_wakes_up_is_told(bench: Any, until: Until) -> None:
    bench.guard()
    worker = start_worker(bench)
    worker.send_signal(signal.SIGSTOP)
    until(lambda: not bench.supplies["slot1"].on, 5, "off")
    worker.send_signal(signal.SIGCONT)

    assert worker.stdout is not None
    assert worker.stdout.readline() == "STN-GUARD\n"
    assert float(worker.stdout.readline()) < 1.0
    assert not bench.supplies["slot1"].on


def test_its_neighbour_goes_on(bench: Any, until: Until) -> None:
    bench.guard()
    neighbour = go_live(bench, "slot2")
    worker = start_worker(bench)

    worker.kill()

    until(lambda: not bench.supplies["slot1"].on, 5, "off")
    assert neighbour.supply.read().mode is Mode.CONSTANT_VOLTAGE
    assert bench.supplies["slot2"].on


# -- what the guard sees


@pytest.mark.parametrize(
    ("pin", "code"), [(3, "STN-ESTOP"), (4, "STN-LID"), (5, "OPR-UNPLUG")]
)
def test_interlocks(bench: Any, until: Until, pin: int, code: str) -> None:
    bench.guard()
    client = go_live(bench)
    bench.bridges["slot1"].pins[pin] = 0
    began = time.monotonic()

    until(lambda: not bench.supplies["slot1"].on, 5, "off")
    assert bench.supplies["slot1"].off_at - began < 1.0
    assert trip_of(client, until) == code
    client.close()
    with pytest.raises(GuardTrip) as caught:
        bench.client().lease()
    assert caught.value.code == code


def test_too_many_amps(bench: Any, until: Until) -> None:
    bench.guard()
    client = go_live(bench, phase=Phase.COLD)
    bench.supplies["slot1"].load_amps = 2.5

    assert trip_of(client, until) == "POWER-SHORT"
    until(lambda: not bench.supplies["slot1"].on, 5, "off")


def test_a_hot_board(bench: Any, until: Until) -> None:
    bench.guard()
    client = go_live(bench)
    bench.bridges["slot1"].celsius[2] = 66.0

    assert trip_of(client, until) == "TEMP-HIGH"
    until(lambda: not bench.supplies["slot1"].on, 5, "off")


def test_a_sensor_that_vanishes(bench: Any, until: Until) -> None:
    bench.guard()
    client = go_live(bench)
    bench.bridges["slot1"].celsius[1] = None

    assert trip_of(client, until) == "SENSOR-NONE"


def test_a_fan_that_stops(bench: Any, until: Until) -> None:
    bench.guard()
    client = go_live(bench)
    bench.bridges["slot1"].fan_factor[3] = 0.0

    assert trip_of(client, until, 15.0) == "STN-FAN"
    until(lambda: bench.bridges["slot1"].drive == 1.0, 5, "fans full")


def test_a_supply_that_trips_by_itself(bench: Any, until: Until) -> None:
    bench.guard()
    client = go_live(bench)
    bench.supplies["slot1"].trip()

    assert trip_of(client, until) == "STN-SUPPLY"
    client.close()
    bench.client().lease()                      # the trip is cleared with the output off
    assert not bench.supplies["slot1"].tripped


def test_a_silent_bridge_does_not_hold_up_the_supply(bench: Any, until: Until) -> None:
    bench.guard()
    client = go_live(bench)
    bench.bridges["slot1"].silent = True
    began = time.monotonic()

    until(lambda: not bench.supplies["slot1"].on, 5, "off")

    assert bench.supplies["slot1"].off_at - began < 3.0
    bench.bridges["slot1"].silent = False
    assert trip_of(client, until) == "STN-BRIDGE"


def test_a_bridge_that_is_unplugged(bench: Any, until: Until) -> None:
    bench.guard()
    client = go_live(bench)
    bench.bridges["slot1"].close()
    began = time.monotonic()

    until(lambda: not bench.supplies["slot1"].on, 5, "off")
    assert bench.supplies["slot1"].off_at - began < 2.0
    client.close()
    with pytest.raises(BridgeError, match="check the fixture bridge"):
        bench.client().lease()
    bench.bridges["slot1"].open()
    bench.client().lease()


def test_a_hung_supply_does_not_hold_up_reset_and_discharge(bench: Any, until: Until) -> None:
    """It still obeys, so the order gets through though no answer comes."""
    bench.guard()
    supply, bridge = bench.supplies["slot1"], bench.bridges["slot1"]
    worker = start_worker(bench)
    bridge.pins[0] = 1
    supply.hangs = True
    began = time.monotonic()
    worker.kill()

    discharging = until(lambda: bridge.pins[0] == 0 and bridge.pins[2] == 0, 5, "reset and discharge")
    until(lambda: not supply.on, 5, "off")

    assert discharging - began < 1.5
    assert supply.off_at - began < 2.5


def test_a_supply_that_hangs_for_good_is_hot_until_it_answers(bench: Any, until: Until) -> None:
    bench.guard()
    supply = bench.supplies["slot1"]
    client = go_live(bench)
    supply.hangs, supply.hears = True, False
    with pytest.raises(InstrumentError, match="volts unknown"):
        client.supply.off()
    assert client.status()["slot1"]["state"] == "hot"
    assert client.status()["slot2"]["state"] == "off"

    supply.hangs = False
    until(lambda: client.status()["slot1"]["state"] in ("off", "leased"), 10, "safe")
    assert not supply.on


def test_a_supply_that_is_unplugged_while_live(bench: Any, until: Until) -> None:
    bench.guard()
    supply = bench.supplies["slot1"]
    client = go_live(bench)
    supply.close()
    assert trip_of(client, until) == "STN-SUPPLY"
    client.close()
    with pytest.raises(InstrumentError, match="no lease"):
        bench.client().lease()

    supply.open()
    until(lambda: not supply.on, 5, "off")
    bench.client().lease()


def test_a_board_that_does_not_discharge_is_hot_and_its_volts_are_told(bench: Any) -> None:
    bench.guard()
    client = go_live(bench)
    bench.supplies["slot1"].relay_discharges = lambda: False

    assert client.supply.off() == pytest.approx(13.6)
    assert client.status()["slot1"]["state"] == "hot"


# -- the guard's own life


def test_a_guard_that_begins_switches_off_what_it_finds_on(bench: Any, until: Until) -> None:
    for name, supply in bench.supplies.items():
        supply.levels["VOLT"], supply.on = 13.6, True
        bench.bridges[name].pins[2] = 1
    bench.guard()

    for name, supply in bench.supplies.items():
        until(lambda supply=supply: not supply.on, 5, "off")
        until(lambda name=name: bench.bridges[name].pins[2] == 0, 5, "discharging")
    client = bench.client()
    until(lambda: client.status()["slot1"]["state"] == "off", 5, "safe")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_guard_told_to_stop_switches_off_first(bench: Any, number: signal.Signals) -> None:
    guard = bench.guard()
    go_live(bench, "slot1")
    go_live(bench, "slot2")
    began = time.monotonic()
    guard.send_signal(number)

    assert guard.wait(15) == 0
    for supply in bench.supplies.values():
        assert not supply.on
        assert supply.off_at - began < 1.0
        assert supply.volts == 0.0
    assert not bench.socket.exists()
    assert [entry["event"] for entry in bench.log()][-1] == "end"


def test_a_second_guard_is_refused_and_touches_nothing(bench: Any) -> None:
    bench.guard()
    go_live(bench)
    second = bench.run("-m", "rig", "guard", "--fixture", str(bench.fixture), stderr=subprocess.PIPE)

    _, said = second.communicate(timeout=20)
    assert second.returncode == 2
    assert "up already" in said
    assert bench.supplies["slot1"].on


def test_the_guards_own_death_leaves_the_next_one_to_switch_off(bench: Any, until: Until) -> None:
    first = bench.guard()
    go_live(bench)
    first.kill()
    first.wait(10)
    bench.socket.unlink()
    assert bench.supplies["slot1"].on           # what a supply watchdog is for
    bench.guard()

    until(lambda: not bench.supplies["slot1"].on, 5, "off")


def test_an_idle_guard_ends_and_a_leased_one_does_not(bench: Any, until: Until) -> None:
    guard = bench.guard("--exit-when-idle", "0.5")
    client = go_live(bench)
    with pytest.raises(subprocess.TimeoutExpired):
        guard.wait(1.5)
    client.close()
    assert guard.wait(10) == 0
    assert not bench.supplies["slot1"].on


def test_an_idle_guard_ends_though_a_supply_was_never_reached(bench: Any) -> None:
    bench.supplies["slot2"].close()
    guard = bench.guard("--exit-when-idle", "0.5")

    assert guard.wait(15) == 0


def test_status_from_the_command_line(bench: Any) -> None:
    bench.guard()
    go_live(bench)
    asked = bench.run("-m", "rig", "guard", "status", "--json", "--fixture", str(bench.fixture))

    said, _ = asked.communicate(timeout=20)
    slots = json.loads(said)
    assert slots["slot1"]["state"] == "live"
    assert slots["slot1"]["lease"]["run"] == "test"
    assert slots["slot1"]["supply"]["volts"]["value"] == pytest.approx(13.6)
    assert slots["slot1"]["hottest_celsius"] == pytest.approx(33.0)
    assert slots["slot2"]["state"] == "off"


def test_the_socket_is_for_this_user_alone(bench: Any) -> None:
    bench.guard()

    assert stat.S_IMODE(bench.socket.stat().st_mode) == 0o600


def test_the_log_tells_every_transition_and_why(bench: Any, until: Until) -> None:
    bench.guard()
    start_worker(bench).kill()
    until(lambda: [one for one in bench.log() if one["event"] == "lease lost"], 5, "the log")
    until(lambda: bench.log()[-1]["event"] == "safe", 5, "the log")

    events = [entry["event"] for entry in bench.log() if entry["slot"] == "slot1"]
    assert events == [
        "stopping", "safe", "leased", "phase", "live", "lease lost", "stopping", "safe",
    ]
    assert all(entry["time"] for entry in bench.log())


def test_a_guard_that_cannot_prove_the_end_says_so(bench: Any) -> None:
    guard = bench.guard()
    go_live(bench)
    bench.supplies["slot1"].close()
    guard.terminate()

    assert guard.wait(20) == 3


def test_the_signal_handler_takes_no_lock(bench: Any) -> None:
    """It runs inside the main thread's wait, which may hold the very lock: a guard hung that way once."""
    bench.runtime.mkdir(mode=0o700)
    guard = Guard(load_fixture(bench.fixture), Runtime(bench.runtime), SystemClock())
    handler = threading.Thread(target=guard._told_to_stop, args=(signal.SIGTERM, None), daemon=True)

    with guard._stop._cond:
        handler.start()
        handler.join(2)
        assert not handler.is_alive()
