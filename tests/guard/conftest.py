"""A little bench of real sockets and ptys, and the guard as the process it is."""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from proofs.owners import end_owners
from rig.clock import SystemClock
from rig.guard.client import GuardClient

RPM_TIMES_COUNT = 3_932_160
MUX, SENSOR, FAN_CONTROLLER = 0x70, 0x4C, 0x2F
PINS = {"reset": 0, "loopback": 1, "discharge": 2, "estop": 3, "lid": 4, "seated": 5}


def wait_for(condition: Callable[[], object], seconds: float = 10.0, what: str = "it") -> float:
    """Poll until true; the monotonic time at which it was seen. Fails the test after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not in {seconds:g} s"
        time.sleep(0.002)
    return time.monotonic()


class LittleSupply:
    """A SCPI supply with a board behind it: volts while on, a capacitor and a discharge relay."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._links: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.port = 0
        self.levels = {"VOLT": 0.0, "CURR": 0.0, "VOLT:PROT": 5.0, "CURR:PROT": 5.0}
        self.on = False
        self.off_at = 0.0
        self.load_amps = 1.0
        self.tripped = False
        self.hangs = False
        self.hears = True                       # a hanging one may still obey
        self.volts_left = 0.0
        self.relay_discharges: Callable[[], bool] = lambda: True
        self.open()

    @property
    def resource(self) -> str:
        return f"TCPIP::127.0.0.1::{self.port}::SOCKET"

    def open(self) -> None:
        self._door = socket.create_server(("127.0.0.1", self.port))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._door,), daemon=True).start()

    def close(self) -> None:
        """As if its LAN cable were pulled: nothing accepted, connections cut."""
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        with self._lock:
            for link in self._links:
                with suppress(OSError):         # the guard may have hung up first
                    link.shutdown(socket.SHUT_RDWR)

    @property
    def volts(self) -> float:
        if self.on:
            self.volts_left = self.levels["VOLT"]
        elif self.relay_discharges():
            self.volts_left = 0.0
        return self.volts_left

    def trip(self) -> None:
        self.tripped = True
        self._switch(on=False)

    def _accept(self, door: socket.socket) -> None:
        while True:
            try:
                link, _ = door.accept()
            except OSError:
                return
            with self._lock:
                self._links.add(link)
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        try:
            with link, link.makefile("r", encoding="ascii", newline="\n") as lines:
                for line in lines:
                    if self.hangs and not self.hears:
                        continue
                    answer = self._answer(line.strip())
                    if answer is not None and not self.hangs:
                        link.sendall(answer.encode() + b"\n")
        except OSError:
            return
        finally:
            with self._lock:
                self._links.discard(link)

    def _switch(self, *, on: bool) -> None:
        if self.on and not on:
            self.off_at = time.monotonic()
        self.on = on

    def _answer(self, line: str) -> str | None:
        name, _, value = line.partition(" ")
        if value and name in self.levels:
            self.levels[name] = float(value)
            return None
        match line:
            case "OUTP ON":
                self._switch(on=not self.tripped)
            case "OUTP OFF":
                self._switch(on=False)
            case "OUTP:PROT:CLE":
                self.tripped = False
            case "*IDN?":
                return "Little,PS,SN1,1.0"
            case "SYST:ERR?":
                return '0,"No error"'
            case "OUTP?":
                return str(int(self.on))
            case "MEAS:VOLT?":
                return f"{self.volts:.3f}"
            case "MEAS:CURR?":
                return f"{self.load_amps if self.on else 0.0:.3f}"
            case "STAT:OPER:COND?":
                return "1" if self.on else "4"
            case "STAT:QUES:COND?":
                return "2" if self.tripped else "0"
        return f"{self.levels[line[:-1]]:.3f}" if line[:-1] in self.levels else None


class LittleBridge:
    """A bitaxe-raw bridge on a pty: interlocks, four sensors behind a mux, four fans."""

    def __init__(self, link: Path) -> None:
        self.pins = dict.fromkeys(range(8), 0) | {PINS["estop"]: 1, PINS["lid"]: 1, PINS["seated"]: 1}
        self.celsius: list[float | None] = [30.0, 31.0, 32.0, 33.0]
        self.mux = 0
        self.drive = 0.0
        self.fan_factor = [1.0] * 4
        self.silent = False
        self.eeprom = bytes(range(256))
        self._link = link
        self._stop = threading.Event()
        self.open()

    def open(self) -> None:
        self._stop.clear()
        master, slave = os.openpty()
        tty.setraw(slave)
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(os.ttyname(slave))
        self._thread = threading.Thread(target=self._serve, args=(master, slave), daemon=True)
        self._thread.start()

    def close(self) -> None:
        # first the name: the pty's number may be another test's the moment it is free
        self._link.unlink(missing_ok=True)
        self._stop.set()
        self._thread.join(5)

    def _serve(self, master: int, slave: int) -> None:
        buffer = bytearray()
        while not self._stop.is_set():
            if select.select([master], [], [], 0.02)[0]:
                buffer += os.read(master, 4096)
            while len(buffer) >= 2 and len(buffer) >= int.from_bytes(buffer[:2], "little"):
                length = int.from_bytes(buffer[:2], "little")
                packet, buffer = bytes(buffer[:length]), buffer[length:]
                if not self.silent:
                    status, data = self._do(packet[4], packet[5], packet[6:])
                    head = (4 + len(data)).to_bytes(2, "little") + packet[2:3] + bytes([status])
                    os.write(master, head + data)
        os.close(slave)
        os.close(master)

    def _do(self, page: int, command: int, data: bytes) -> tuple[int, bytes]:
        if page == 0x06:
            if data:
                self.pins[command] = data[0]
            return 0, bytes([self.pins[command]])
        found = self._i2c(data[0], command, data[1:])
        return (0xFF, b"no acknowledge") if found is None else (0, found)

    def _i2c(self, address: int, command: int, data: bytes) -> bytes | None:
        if address == MUX:
            if command == 0x20:
                self.mux = data[-1]
                return b""
            return bytes([self.mux])
        if address == SENSOR:
            return self._sensor(data)
        if address == FAN_CONTROLLER:
            return self._fan(command, data)
        if address == 0x50 and command == 0x40:
            return self.eeprom[data[0] : data[0] + data[1]]
        return None

    def _sensor(self, data: bytes) -> bytes | None:
        channels = [n for n in range(4) if self.mux == 1 << n]
        value = self.celsius[channels[0]] if channels else None
        if value is None:
            return None
        sixteenths = round((value + 64) * 16)
        return bytes([sixteenths >> 4 if data[0] == 0 else (sixteenths & 0xF) << 4])

    def _fan(self, command: int, data: bytes) -> bytes:
        fan, register = (data[0] - 0x30) // 0x10, data[0] & 0x0F
        if command == 0x20:
            self.drive = data[1] / 255
            return b""
        rpm = (320 + 6330 * self.drive) * self.fan_factor[fan]
        count = min(0x1FFF, round(RPM_TIMES_COUNT / rpm)) if rpm else 0x1FFF
        return bytes([count >> 5 if register == 0x0E else (count & 0x1F) << 3])


class Bench:
    """Two slots, a fixture file and a runtime directory; guards and workers are started on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runtime = folder / "run"
        self.fixture = folder / "bench.yaml"
        self.supplies = {name: LittleSupply() for name in ("slot1", "slot2")}
        self.bridges = {name: LittleBridge(folder / f"{name}.bridge") for name in self.supplies}
        for name, supply in self.supplies.items():
            supply.relay_discharges = lambda bridge=self.bridges[name]: bridge.pins[PINS["discharge"]] == 0
        self._processes: list[subprocess.Popen[str]] = []
        self._clients: list[GuardClient] = []
        self.fixture.write_text(yaml.safe_dump(self._fixture()))

    def _fixture(self) -> dict[str, Any]:
        rating = {"max_volts": 20, "max_amps": 120, "max_watts": 2000}
        return {
            "fixture": "little", "simulated": False, "production": False,
            "unload": {"seconds": 0.3},
            "slots": {
                name: {
                    "chain": f"/dev/{name}", "bridge": str(self.folder / f"{name}.bridge"),
                    "fan_controller": FAN_CONTROLLER, "pins": PINS,
                    "supply": {"resource": supply.resource, **rating},
                    "meter": {"resource": f"TCPIP::{name}-meter::1::SOCKET"},
                    "scanner": {"resource": f"TCPIP::{name}-scanner::1::SOCKET"},
                }
                for name, supply in self.supplies.items()
            },
        }

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"RIG_RUNTIME": str(self.runtime)}

    @property
    def socket(self) -> Path:
        return self.runtime / "guard.sock"

    def run(self, *words: str, **more: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *words], env=self.environment, text=True, stdout=subprocess.PIPE, **more
        )
        self._processes.append(process)
        return process

    def guard(self, *options: str) -> subprocess.Popen[str]:
        process = self.run("-m", "rig", "guard", "--fixture", str(self.fixture), *options)
        wait_for(lambda: self.socket.exists() or process.poll() is not None, 20, "the guard's socket")
        assert process.poll() is None, "the guard did not start"
        return process

    def client(self, slot: str = "slot1") -> GuardClient:
        self._clients.append(GuardClient(self.socket, slot, "test", SystemClock()))
        return self._clients[-1]

    def change(self, **keys: Any) -> None:
        """Other top keys in the fixture file, before a guard reads it."""
        self.fixture.write_text(yaml.safe_dump(self._fixture() | keys))

    def end_guard(self) -> None:
        """End one that a command of ours started."""
        end_owners(self.runtime, ["guard"])

    def log(self) -> list[dict[str, Any]]:
        file = self.runtime / "guard.log"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def close(self) -> None:
        """Workers' clients first, as a guard that is killed leaves them hanging."""
        for client in self._clients:
            client.close()
        for process in self._processes:
            process.kill()
            process.wait(10)
            for pipe in (process.stdout, process.stderr, process.stdin):
                if pipe is not None:
                    pipe.close()
        for supply in self.supplies.values():
            if supply._door.fileno() >= 0:
                supply.close()
        for bridge in self.bridges.values():
            bridge.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    folder = Path(tempfile.mkdtemp(prefix="rig-"))
    made = Bench(folder)
    yield made
    made.close()
    shutil.rmtree(folder)


@pytest.fixture
def until() -> Callable[..., float]:
    return wait_for
