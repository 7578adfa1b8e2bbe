from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rig.errors import StationFault
from rig.fixturefile import FixtureFile
from rig.guard.addresses import Addresses
from rig.runtime import Runtime
from rig.slotentry import SupplyEntry


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    return Runtime(tmp_path)


@pytest.fixture
def addresses(runtime: Runtime) -> Addresses:
    supply = {"max_volts": 20, "max_amps": 120, "max_watts": 2000}
    slot = {"supply": supply, "meter": {}, "scanner": {}}
    fixture = FixtureFile.model_validate(
        {"fixture": "sim", "simulated": True, "board": "s21pro", "slots": {"slot1": slot}}
    )
    return Addresses(fixture, runtime)


def ports(runtime: Runtime, supply: str) -> None:
    slot = {"uart": "/dev/a", "bridge": "/dev/b", "supply": supply, "meter": "m", "scanner": "s"}
    runtime.bench_ports.write_text(json.dumps({"slots": {"slot1": slot}, "instance": "1"}))


def test_a_bench_that_was_restarted_has_other_ports(addresses: Addresses, runtime: Runtime) -> None:
    with pytest.raises(StationFault, match="start rig sim"):
        addresses.of("slot1")
    ports(runtime, "TCPIP::127.0.0.1::1::SOCKET")
    assert addresses.of("slot1").supply.resource == "TCPIP::127.0.0.1::1::SOCKET"
    assert addresses.of("slot1").bridge == "/dev/b"
    ports(runtime, "TCPIP::127.0.0.1::2::SOCKET")
    assert addresses.of("slot1").supply.resource == "TCPIP::127.0.0.1::2::SOCKET"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"slots": {}}', '{"slots": {"slot1": {}}}'])
def test_a_broken_file_is_no_bench(addresses: Addresses, runtime: Runtime, text: str) -> None:
    runtime.bench_ports.write_text(text)

    with pytest.raises(StationFault, match="start rig sim"):
        addresses.of("slot1")


def test_a_dead_bench_is_known_by_its_process(addresses: Addresses, runtime: Runtime) -> None:
    lock = runtime.lock("bench")
    assert lock.try_acquire({"pid": os.getpid()})
    assert not addresses.bench_is_dead()
    lock.release()
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait(10)
    assert lock.try_acquire({"pid": child.pid})
    assert addresses.bench_is_dead()
    lock.release()


def test_a_real_bench_names_its_addresses_and_never_counts_as_dead(runtime: Runtime) -> None:
    entry = {
        "chain": "/dev/a", "bridge": "/dev/b",
        "supply": {"resource": "TCPIP::s::1::SOCKET", "max_volts": 20, "max_amps": 120, "max_watts": 2000},
        "meter": {"resource": "TCPIP::m::1::SOCKET"}, "scanner": {"resource": "TCPIP::c::1::SOCKET"},
    }
    fixture = FixtureFile.model_validate(
        {"fixture": "real", "simulated": False, "production": False, "slots": {"slot1": entry}}
    )
    addresses = Addresses(fixture, runtime)

    assert isinstance(addresses.of("slot1").supply, SupplyEntry)
    assert addresses.of("slot1").supply.resource == "TCPIP::s::1::SOCKET"
    assert not addresses.bench_is_dead()
