"""A bench and a guard of the proof's own, and a watcher of the bench's physics past every instrument."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import rig
from rig.fixture.processes import ask_bench

SERIAL = "S21PROPROOF000001"
TIME_SCALE = 20
ROOT = Path(rig.__file__).parents[1]
FIXTURE = ROOT / "fixtures" / "sim.yaml"
_LOOK_SECONDS = 0.004


class Watcher:
    """Looks at the truth port as often as it can. A slot is off with its output off and below 1 A.

    Off is dated by the bench's own physics, on this machine's monotonic clock: how busy the machine
    is when it comes to look is no part of it.
    """

    def __init__(self, address: str) -> None:
        host, port = address.split(":")
        self._address = (host, int(port))
        self._news = threading.Condition()
        self._live: dict[str, bool] = {}
        self._since: dict[str, float] = {}      # when the slot was first seen as it is now
        self._stop = False
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def live(self, slot: str) -> bool:
        with self._news:
            return self._live.get(slot, False)

    def when_live(self, slot: str, seconds: float) -> float | None:
        """Since when the slot is live, once it is; None when it is not within ``seconds``."""
        return self._when(slot, seconds, live=True)

    def when_off(self, slot: str, seconds: float) -> float | None:
        """Since when the slot is off, once it is; None when it is not within ``seconds``."""
        return self._when(slot, seconds, live=False)

    def stop(self) -> None:
        self._stop = True
        self._thread.join(5)

    def _when(self, slot: str, seconds: float, *, live: bool) -> float | None:
        deadline = time.monotonic() + seconds
        with self._news:
            while self._live.get(slot) is not live:
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self._news.wait(left)
            return self._since[slot]

    def _watch(self) -> None:
        while not self._stop:
            slots = self.look()
            now = time.monotonic()
            with self._news:
                for name, slot in slots.items():
                    live = slot["off_since"] is None
                    if self._live.get(name) is not live:
                        self._live[name], self._since[name] = live, now if live else slot["off_since"]
                self._news.notify_all()
            time.sleep(_LOOK_SECONDS)

    def look(self) -> dict[str, Any]:
        """What the bench's own physics say now, by slot."""
        with socket.create_connection(self._address, timeout=10) as door, door.makefile() as lines:
            slots: dict[str, Any] = json.loads(lines.readline())["slots"]
        return slots


class PowerBench:
    """``fixtures/sim.yaml`` in a runtime directory of its own: the bench, the guard, the watcher."""

    def __init__(self, fixture: Path = FIXTURE) -> None:
        self.fixture = fixture
        self.folder = Path(tempfile.mkdtemp(prefix="rig-"))
        self.runtime = self.folder / "run"
        self.socket = self.runtime / "guard.sock"
        self.environment = os.environ | {"RIG_RUNTIME": str(self.runtime)}
        self._bench = self._start("sim", "--plans", str(ROOT / "testplans"), "--json")
        assert self._bench.stdout is not None
        ports = json.loads(self._bench.stdout.readline())
        self.slots = tuple(ports["slots"])
        self.watcher = Watcher(ports["truth"])
        self._guard: subprocess.Popen[str] | None = None
        self.start_guard()

    def start_guard(self) -> None:
        """A guard, unless one is up."""
        if self._answers():
            return
        self._guard = self._start("guard")
        deadline = time.monotonic() + 30
        while not self._answers():
            if time.monotonic() > deadline:
                raise TimeoutError("the guard did not come up in 30 s")
            time.sleep(0.02)

    def strike_guard(self, number: signal.Signals) -> float:
        """A signal to whoever holds the guard's lock; when."""
        pid = int(json.loads((self.runtime / "guard.lock").read_text())["pid"])
        at = time.monotonic()
        os.kill(pid, number)
        return at

    def kill_guard(self) -> float:
        """SIGKILL to it; when."""
        pid = int(json.loads((self.runtime / "guard.lock").read_text())["pid"])
        at = self.strike_guard(signal.SIGKILL)
        if self._guard is not None and self._guard.pid == pid:
            self._guard.wait(10)
        return at

    def place(self, slot: str, *faults: Mapping[str, Any]) -> None:
        """A fresh, cold board: with it an open loop is closed and an unplugged supply back."""
        board = {"serial": "auto", "seed": 7, "faults": [dict(fault) for fault in faults]}
        scenario = {"time_scale": TIME_SCALE, "boards": {slot: board}}
        answer = ask_bench(
            self.runtime / "bench.sock", {"op": "place", "slot": slot, "serial": SERIAL, "scenario": scenario}
        )
        if not answer.get("ok"):
            raise RuntimeError(str(answer.get("error")))

    def command(self, *words: str) -> None:
        """A ``rig`` command that must succeed. Raises CalledProcessError."""
        subprocess.run(
            [sys.executable, "-m", "rig", *words], env=self.environment, check=True, timeout=60,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as door:
            try:
                door.connect(str(self.socket))
            except OSError:
                return False
        return True

    def _start(self, role: str, *words: str) -> subprocess.Popen[str]:
        with (self.folder / f"{role}.out").open("a") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "rig", role, "--fixture", str(self.fixture), *words],
                env=self.environment, text=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if role == "sim" else out, stderr=out, start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.watcher.stop()
        for process in (self._guard, self._bench):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(30)
        if self._bench.stdout is not None:
            self._bench.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)
