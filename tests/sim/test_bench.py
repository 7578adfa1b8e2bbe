"""The bench as a process: `rig sim` with its real ports."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import serial
import yaml

import rig
from rig.bm13xx.commands import ReadRegister, WriteRegister, encode
from rig.bm13xx.registers import Register

ROOT = Path(rig.__file__).parents[1]
SERIAL = "SIMBENCH000000001"


class Port:
    """A TCP instrument as a plain socket."""

    def __init__(self, resource: str) -> None:
        _, host, port, kind = resource.split("::")
        assert kind == "SOCKET"
        self._socket = socket.create_connection((host, int(port)), timeout=5)
        self._lines = self._socket.makefile("rb")

    def tell(self, message: str) -> None:
        self._socket.sendall(message.encode() + b"\n")

    def ask(self, message: str) -> str:
        self.tell(message)
        return self._lines.readline().decode().strip()

    def ended(self) -> bool:
        try:
            return self._lines.readline() == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def __enter__(self) -> Port:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Bench:
    """One bench process on a runtime directory of its own."""

    def __init__(self, runtime: Path, *options: str, fixture: Path = ROOT / "fixtures" / "sim.yaml") -> None:
        self.runtime = runtime
        words = ["sim", "--fixture", str(fixture), "--plans", str(ROOT / "testplans"), "--json", *options]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rig", *words], env=os.environ | {"RIG_RUNTIME": str(runtime)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )

    def ready(self) -> Bench:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate(timeout=10)[1]
        self.ports: dict[str, Any] = json.loads(line)
        return self

    def address(self, part: str, slot: str = "slot1") -> str:
        return str(self.ports["slots"][slot][part])

    def open(self, part: str, slot: str = "slot1") -> Port:
        return Port(self.address(part, slot))

    def truth(self, slot: str = "slot1") -> dict[str, Any]:
        host, port = self.ports["truth"].split(":")
        with socket.create_connection((host, int(port)), timeout=5) as door, door.makefile("rb") as lines:
            found = json.loads(lines.readline())
            assert lines.readline() == b""
        return dict(found["slots"][slot])

    def order(self, **request: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(10)
            door.connect(str(self.runtime / "bench.sock"))
            door.sendall(json.dumps(request).encode() + b"\n")
            with door.makefile("rb") as lines:
                return dict(json.loads(lines.readline()))

    def place(self, *faults: dict[str, Any], slot: str = "slot1", **top: Any) -> dict[str, Any]:
        scenario = {"boards": {slot: {"seed": 7, "faults": list(faults)}}} | top
        return self.order(op="place", slot=slot, serial=SERIAL, product="s21pro",
                          plans=str(ROOT / "testplans"), scenario=scenario, scenario_file=None)

    def pin(self, number: int, level: int | None = None, slot: str = "slot1") -> int:
        data = b"" if level is None else bytes([level])
        with serial.Serial(self.address("bridge", slot), 115_200, timeout=5) as bridge:
            bridge.write((6 + len(data)).to_bytes(2, "little") + bytes([9, 0, 6, number]) + data)
            answer = bridge.read(5)
        assert answer[:4] == bytes([5, 0, 9, 0]), answer
        return answer[4]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=10)


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


@pytest.fixture
def runtime() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="rig-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def start(runtime: Path) -> Iterator[Callable[..., Bench]]:
    running: list[Bench] = []

    def begin(*options: str, **more: Any) -> Bench:
        running.append(Bench(runtime, *options, **more))
        return running[-1].ready()

    yield begin
    for one in running:
        one.stop()


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    folder = Path(tempfile.mkdtemp(prefix="rig-"))
    one = Bench(folder).ready()
    yield one
    one.stop()
    shutil.rmtree(folder)


# ---- ports

def test_ports_file_is_the_line_that_was_printed(bench: Bench) -> None:
    assert json.loads((bench.runtime / "bench.json").read_text()) == bench.ports
    assert set(bench.ports["slots"]) == {"slot1", "slot2", "slot3", "slot4"}
    assert set(bench.ports["slots"]["slot1"]) == {"uart", "bridge", "supply", "meter", "scanner"}
    assert len(bench.ports["instance"]) == 32
    assert (bench.runtime / "bench.sock").stat().st_mode & 0o777 == 0o600


def test_every_slot_has_instruments_of_its_own(bench: Bench) -> None:
    for slot in bench.ports["slots"]:
        with bench.open("supply", slot) as supply, bench.open("scanner", slot) as scanner:
            assert supply.ask("*IDN?") == f"RIGSIM,SPS20-120,{slot},1.0"
            assert scanner.ask("*IDN?").split(",")[2] == slot


def test_a_board_from_power_to_discovery_through_real_ports(bench: Bench) -> None:
    assert bench.place(slot="slot2") == {"ok": True}
    truth = bench.truth("slot2")
    assert truth.pop("off_since") <= time.monotonic()
    assert truth == {"output": False, "volts": 0, "amps": 0, "celsius": 25, "hashing": 0}
    with bench.open("supply", "slot2") as supply, serial.Serial(
        bench.address("uart", "slot2"), 115_200, timeout=0.05
    ) as uart:
        bench.pin(2, 1, "slot2")
        supply.tell("VOLT:PROT 16;:CURR 95;:VOLT 15;:OUTP ON")
        assert supply.ask("OUTP?") == "1"
        bench.pin(0, 1, "slot2")
        until(lambda: bench.truth("slot2")["volts"] > 14.9)
        uart.write(encode(ReadRegister(Register.MISC_CONTROL)))
        found = b""

        def all_answered() -> bool:
            nonlocal found
            found += uart.read(4096)
            return len(found) >= 65 * 9

        until(all_answered)
        assert found == bytes.fromhex("AA550000C100001802") * 65
        amps = float(supply.ask("MEAS:CURR?"))
        truth = bench.truth("slot2")
        assert truth["output"]
        assert truth["amps"] == pytest.approx(amps, rel=0.05)
        refused = bench.place(slot="slot2")
        assert not refused["ok"]
        assert "output is on" in refused["error"]
        supply.tell("OUTP OFF")
        bench.pin(2, 0, "slot2")
        until(lambda: bench.truth("slot2")["volts"] < 0.5)
        assert bench.truth("slot2")["amps"] == 0


def test_a_chain_on_tcp_follows_the_chips_rate(
    start: Callable[..., Bench], tmp_path: Path
) -> None:
    values = yaml.safe_load((ROOT / "fixtures" / "sim.yaml").read_text())
    values["slots"]["slot1"]["chain_transport"] = "tcp"
    file = tmp_path / "tcp.yaml"
    file.write_text(yaml.safe_dump(values))
    bench = start(fixture=file)
    scheme, _, address = bench.address("uart").partition("://")
    assert scheme == "tcp"
    host, _, port = address.partition(":")
    with bench.open("supply") as supply, socket.create_connection((host, int(port)), timeout=5) as chain:
        bench.pin(2, 1)
        bench.pin(0, 1)
        supply.tell("CURR 95;:VOLT 15;:OUTP ON")
        until(lambda: bench.truth()["volts"] > 14.9)

        chain.settimeout(0.3)

        def first_answer(register: int) -> str:
            """Sent again until it is answered: the chips may be about to change their rate."""
            found = b""

            def answered() -> bool:
                nonlocal found
                chain.sendall(encode(ReadRegister(register)))
                with contextlib.suppress(TimeoutError):
                    while len(found) < 65 * 9:
                        found += chain.recv(4096)
                return len(found) >= 65 * 9

            until(answered)
            return found[:9].hex()

        assert first_answer(Register.MISC_CONTROL) == "aa550000c100001802"
        chain.sendall(encode(WriteRegister(Register.UART_BAUD, 0x0130_0000)))
        assert first_answer(Register.UART_BAUD)[:12] == "aa5501300000"


def test_a_host_on_the_wrong_rate_reads_garbage_over_a_real_port(bench: Bench) -> None:
    assert bench.place(slot="slot4")["ok"]
    with bench.open("supply", "slot4") as supply, serial.Serial(
        bench.address("uart", "slot4"), 115_200, timeout=0.05
    ) as uart:
        bench.pin(2, 1, "slot4")
        bench.pin(0, 1, "slot4")
        supply.tell("CURR 95;:VOLT 15;:OUTP ON")
        until(lambda: bench.truth("slot4")["volts"] > 14.9)
        uart.write(encode(ReadRegister(Register.MISC_CONTROL)))
        assert uart.read(1) == b"\xaa"                # the replies have begun
        uart.baudrate = 3_125_000
        got = b""

        def enough() -> bool:
            nonlocal got
            got += uart.read(4096)
            return len(got) > 300

        until(enough)
        assert got.count(b"\xaa\x55") < 40            # those already on their way were sound
        uart.reset_input_buffer()
        uart.write(encode(ReadRegister(Register.MISC_CONTROL)))
        time.sleep(0.2)
        assert b"\xaa" not in uart.read(4096)
        supply.tell("OUTP OFF")
        bench.pin(2, 0, "slot4")
        until(lambda: bench.truth("slot4")["volts"] < 0.5)


@pytest.mark.parametrize("part", ["supply", "meter", "scanner"])
def test_an_unreachable_instrument_refuses_and_comes_back_at_its_address(bench: Bench, part: str) -> None:
    with bench.open(part) as held:
        assert held.ask("*OPC?") == "1"
        assert bench.place({"kind": f"{part}_unreachable"})["ok"]
        assert held.ended()
    with pytest.raises(ConnectionRefusedError):
        bench.open(part)
    others = {"supply", "meter", "scanner"} - {part}
    for other in others:
        with bench.open(other) as port:
            assert port.ask("*OPC?") == "1"
    assert bench.place()["ok"]
    with bench.open(part) as back:
        assert back.ask("*OPC?") == "1"


def test_a_scan_is_answered_when_its_time_has_passed(bench: Bench) -> None:
    with bench.open("scanner") as scanner, bench.open("supply") as supply:
        scanner.tell("CONF:VOLT:DC 10,(@101:113)")
        begun = time.monotonic()
        scanner.tell("READ?")
        assert supply.ask("*OPC?") == "1"          # the bench goes on meanwhile
        assert time.monotonic() - begun < 0.3
        assert len(scanner.ask("SYST:ERR?").split(",")) == 13
        assert time.monotonic() - begun >= 0.43


def test_two_hosts_on_one_instrument_do_not_mix(bench: Bench) -> None:
    with bench.open("supply") as one, bench.open("supply") as other:
        for number in range(50):
            one.tell("*IDN?")
            assert other.ask("*OPC?") == "1", number
            assert one.ask("*OPC?").startswith("RIGSIM")
            assert one.ask("VOLT?") == "1"
            assert one.ask("*OPC?").startswith("+")
            assert one._lines.readline().strip() == b"1"


def test_random_bytes_at_an_instrument_harm_nobody(bench: Bench) -> None:
    with bench.open("meter") as meter:
        meter._socket.sendall(os.urandom(5000).replace(b"\n", b" ") + b"\n")
        meter._socket.sendall(b"x" * 200_000)
        assert meter.ended()
    with bench.open("meter") as meter:
        assert meter.ask("*IDN?").startswith("YOKOGAWA")


def test_the_pdu_takes_the_supplies_with_it(bench: Bench) -> None:
    address = bench.ports["pdu"].removeprefix("http://")

    def outlet(method: str, body: str | None = None, number: int = 1) -> tuple[int, str]:
        connection = http.client.HTTPConnection(address, timeout=5)
        connection.request(method, f"/outlets/{number}", body)
        answer = connection.getresponse()
        found = answer.status, answer.read().decode()
        connection.close()
        return found

    assert outlet("GET") == (200, "1")
    assert outlet("GET", number=99)[0] == 404
    assert outlet("PUT", "on")[0] == 404
    with bench.open("supply") as supply:
        supply.tell("VOLT 5;:OUTP ON")
        assert supply.ask("OUTP?") == "1"
        assert outlet("PUT", "0") == (200, "0")
        assert supply.ended()
    assert not bench.truth()["output"]
    assert outlet("PUT", "1") == (200, "1")
    until(lambda: _answers(bench))
    with bench.open("supply") as supply:
        assert supply.ask("OUTP?;:VOLT?") == "0;+0.000000E+00"


def _answers(bench: Bench) -> bool:
    try:
        bench.open("supply").close()
    except ConnectionRefusedError:
        return False
    return True


# ---- control

def test_status_and_refusals_of_the_control_socket(bench: Bench) -> None:
    status = bench.order(op="status")
    assert status["ok"]
    assert status["instance"] == bench.ports["instance"]
    for request, words in (
        ({"op": "dance"}, "found 'dance'"),
        ({}, "expected place"),
        ({"op": "place", "slot": "slot9", "serial": SERIAL}, "not on this bench, which has slot1"),
        ({"op": "place", "slot": "slot1", "serial": ""}, "serial"),
        ({"op": "place", "slot": "slot1", "serial": SERIAL, "product": "s99"}, "no plan in"),
        ({"op": "place", "slot": "slot1", "serial": SERIAL, "scenario": {"boards": 7}}, "boards: found 7"),
        ({"op": "place", "slot": "slot1", "serial": SERIAL, "scenario_file": "/absent.yaml"}, "no such file"),
        ({"op": "place", "slot": "slot1", "serial": SERIAL,
          "scenario": {"boards": {"slot1": {"faults": [{"kind": "sense_opened"}]}}}}, "no such fault kind"),
        ({"op": "place", "slot": "slot1", "serial": SERIAL,
          "scenario": {"boards": {"slot1": {"faults": [{"kind": "dead_chip", "chip": 65}]}}}}, "0 to 64"),
    ):
        answer = bench.order(**request)
        assert answer["ok"] is False
        assert words in answer["error"], answer


def test_a_line_that_is_no_json_is_answered(bench: Bench) -> None:
    with socket.socket(socket.AF_UNIX) as door, door.makefile("rb") as lines:
        door.settimeout(5)
        door.connect(str(bench.runtime / "bench.sock"))
        door.sendall(b"place it!\n[1]\n")
        for _ in range(2):
            assert json.loads(lines.readline())["ok"] is False


def test_a_placed_board_is_cold_and_of_its_own_scenario(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("ambient_celsius: 33\nboards: {slot3: {faults: [{kind: estop}]}}\n")
    assert bench.order(op="place", slot="slot3", serial=SERIAL, product="s21pro",
                       plans=None, scenario=None, scenario_file=str(file))["ok"]
    assert bench.truth("slot3")["celsius"] == 33
    assert bench.pin(3, slot="slot3") == 0
    assert bench.pin(3, slot="slot4") == 1
    assert bench.order(op="scan", slot="slot3", serial="SCANNED0000000001")["ok"]
    assert bench.order(op="status")["serials"]["slot3"] == "SCANNED0000000001"


# ---- life and death

def test_a_second_bench_is_refused_and_the_first_lives_on(bench: Bench) -> None:
    second = Bench(bench.runtime)
    assert second.process.wait(timeout=20) == 2
    assert second.process.stderr is not None
    assert "is up already" in second.process.stderr.read()
    second.process.communicate()
    assert bench.order(op="status")["ok"]
    assert (bench.runtime / "bench.json").exists()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, "stop"])
def test_it_cleans_up(start: Callable[..., Bench], runtime: Path, how: Any) -> None:
    one = start()
    with one.open("supply") as supply:
        supply.tell("VOLT 15;:OUTP ON")
        assert supply.ask("OUTP?") == "1"
        if how == "stop":
            assert one.order(op="stop") == {"ok": True}
        else:
            one.process.send_signal(how)
        assert one.process.wait(timeout=10) == 0
        assert supply.ended()
    assert not list(runtime.glob("bench.[js]*"))
    assert one.process.stderr is not None
    assert one.process.stderr.read() == ""


def test_after_a_kill_the_next_one_starts(start: Callable[..., Bench], runtime: Path) -> None:
    first = start()
    first.process.kill()
    first.process.wait(timeout=10)
    assert (runtime / "bench.sock").exists()
    second = start()
    assert second.order(op="status")["instance"] == second.ports["instance"] != first.ports["instance"]


def test_idle_it_exits_but_not_under_a_connection_or_a_live_output(
    start: Callable[..., Bench], runtime: Path
) -> None:
    one = start("--exit-when-idle", "0.5")
    with one.open("meter") as meter:
        begun = time.monotonic()
        while time.monotonic() - begun < 1.2:
            assert meter.ask("*OPC?") == "1"
        with one.open("supply") as supply:
            supply.tell("VOLT 5;:OUTP ON")
            assert supply.ask("OUTP?") == "1"
    begun = time.monotonic()
    while time.monotonic() - begun < 1.2:
        assert one.truth()["output"]
    with one.open("supply") as supply:
        supply.tell("OUTP OFF")
        assert supply.ask("OUTP?") == "0"
    assert one.process.wait(timeout=10) == 0
    assert not (runtime / "bench.json").exists()


def test_an_open_chain_port_keeps_it_up(start: Callable[..., Bench]) -> None:
    one = start("--exit-when-idle", "0.4")
    with serial.Serial(one.address("uart"), 115_200):
        begun = time.monotonic()
        while time.monotonic() - begun < 1.0:
            assert one.process.poll() is None
            time.sleep(0.05)
    assert one.process.wait(timeout=10) == 0


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("boards: {slot1: {faults: [{kind: late_replies}]}}", "no such fault kind 'late_replies'"),
        ("boards: {slot1: {faults: [{kind: duplicate_address, chip: 0}]}}", "1 to 64"),
        ("boards: {slot7: {}}", "no slot slot7 on fixture sim"),
        ("boards: [", "valid YAML"),
        ("boards: {slot1: {faults: [{kind: dead_chip, chip: 99}]}}", "0 to 64"),
    ],
)
def test_a_wrong_scenario_is_refused_before_any_port(
    runtime: Path, tmp_path: Path, scenario: str, words: str
) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(scenario)
    one = Bench(runtime, "--scenario", str(file))
    out, err = one.process.communicate(timeout=20)
    assert one.process.returncode == 2
    assert out == ""
    assert words in err
    assert "Traceback" not in err
    assert not (runtime / "bench.json").exists()


def test_a_real_fixture_is_refused(runtime: Path, tmp_path: Path) -> None:
    values = yaml.safe_load((ROOT / "fixtures" / "sim.yaml").read_text())
    file = tmp_path / "real.yaml"
    slot = values["slots"]["slot1"] | {"chain": "/dev/ttyUSB0", "bridge": "/dev/ttyUSB1"}
    for number, part in enumerate(("supply", "meter", "scanner"), 1):
        slot[part] = slot[part] | {"resource": f"TCPIP::127.0.0.1::{number}::SOCKET"}
    del values["board"]
    real = {"simulated": False, "production": False, "slots": {"slot1": slot}, "feeds": {}}
    file.write_text(yaml.safe_dump(values | real))
    one = Bench(runtime, fixture=file)
    _, err = one.process.communicate(timeout=20)
    assert one.process.returncode == 2
    assert "simulated: found false" in err
