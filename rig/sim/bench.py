"""The bench process: all slots of a simulated fixture behind real ports, until it is stopped."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rig.clock import Clock
from rig.errors import RigError, UsageError
from rig.fixturefile import load_fixture
from rig.recipe import find_plans
from rig.runtime import Runtime, runtime_for
from rig.sim.ports import SlotPorts
from rig.sim.rack import Rack
from rig.sim.scenario import Scenario, load_scenario
from rig.sim.server import HOST, port_of, serve_control, serve_pdu, serve_truth

_LOOK_SECONDS = 0.02               # how often a port that nobody has open is looked at


class Bench:
    """The ports of a rack. ``run`` serves until it is told to stop, by order or signal, or is idle."""

    def __init__(self, rack: Rack, runtime: Runtime, clock: Clock) -> None:
        self._rack, self._runtime, self._clock = rack, runtime, clock
        self._instance = uuid.uuid4().hex
        self._busy_at = clock.now()

    async def run(self, *, print_ports: bool, idle_seconds: float | None) -> None:
        """Open the ports, write the ports file, serve. Everything made is removed at the end."""
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._failure: BaseException | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._loop.set_exception_handler(self._failed)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stopping.set)
        self._ports = {
            name: SlotPorts(slot, self._clock, self._wake) for name, slot in self._rack.slots.items()
        }
        servers = []
        try:
            for ports in self._ports.values():
                await ports.settle()
            servers = [
                await serve_truth(lambda: self._rack.truth(self._clock.now())),
                await serve_pdu(
                    lambda n, wanted: self._rack.switch_outlet(n, wanted, self._clock.now()),
                    lambda n, seconds: self._rack.watch_outlet(n, seconds, self._clock.now()),
                ),
                await serve_control(self._runtime.bench_socket, self._act),
            ]
            self._announce(port_of(servers[0]), port_of(servers[1]), print_ports=print_ports)
            self._idle_seconds = idle_seconds
            self._busy_at = self._clock.now()
            self._pump()
            await self._stopping.wait()
        finally:
            self._clean_up(servers)
        if self._failure is not None:
            raise self._failure

    # ---- lifecycle

    def _announce(self, truth: int, pdu: int, *, print_ports: bool) -> None:
        found = {
            "slots": {name: ports.addresses() for name, ports in self._ports.items()},
            "pdu": f"http://{HOST}:{pdu}",
            "truth": f"{HOST}:{truth}",
            "instance": self._instance,
        }
        line = json.dumps(found)
        draft = self._runtime.bench_ports.with_suffix(".new")
        draft.write_text(line + "\n")
        os.replace(draft, self._runtime.bench_ports)
        sys.stdout.write(line + "\n" if print_ports else _for_people(self._ports))
        sys.stdout.flush()

    def _clean_up(self, servers: list[asyncio.Server]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for server in servers:
            server.close()
        for ports in self._ports.values():
            ports.close()
        for path in (self._runtime.bench_ports, self._runtime.bench_socket):
            path.unlink(missing_ok=True)

    def _failed(self, _: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        """A model that raised is a bench that may lie: stop, and say so."""
        error, message = context.get("exception"), str(context.get("message"))
        if isinstance(error, OSError):
            sys.stderr.write(f"rig sim: {message}: {error}\n")
            return
        self._failure = error or RuntimeError(message)
        self._stopping.set()

    # ---- time

    def _pump(self) -> None:
        now = self._clock.now()
        due = min(ports.pump(now) for ports in self._ports.values())
        if any(ports.connected or ports.slot.live for ports in self._ports.values()):
            self._busy_at = now
        elif self._idle_seconds is not None and now - self._busy_at > self._idle_seconds:
            self._stopping.set()
        self._timer = None
        self._wake(min(due, now + _LOOK_SECONDS))

    def _wake(self, at: float) -> None:
        """Pump at ``at``, if not sooner anyway."""
        when = self._loop.time() + max(0.0, at - self._clock.now())
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._pump)

    # ---- what it is asked

    async def _act(self, request: Any) -> dict[str, Any]:
        """One request of the control socket."""
        self._busy_at = self._clock.now()
        try:
            return {"ok": True} | await self._obey(request if isinstance(request, dict) else {})
        except RigError as error:
            return {"ok": False, "error": str(error)}

    async def _obey(self, request: Mapping[str, Any]) -> dict[str, Any]:
        match request.get("op"):
            case "place":
                name = self._rack.place(request, self._clock.now())
                self._ports[name].board_changed()
                await self._ports[name].settle()
            case "scan":
                self._rack.scan(request)
            case "status":
                return {"instance": self._instance, "serials": self._rack.serials()}
            case "stop":
                self._loop.call_soon(self._stopping.set)
            case other:
                raise UsageError(f"op: found {other!r}, expected place, scan, status or stop")
        return {}


def serve_bench(
    fixture_file: Path, scenario_file: Path | None, plans: Path | None, clock: Clock,
    *, print_ports: bool, idle_seconds: float | None,
) -> None:
    """Run the bench of a fixture file until it is stopped.

    Raises UsageError or FileError before any port is open.
    """
    fixture = load_fixture(fixture_file)
    if not fixture.simulated:
        raise UsageError(
            f"{fixture_file}: simulated: found false, expected true; a real bench needs no `rig sim`"
        )
    runtime = runtime_for(fixture_file)
    lock = runtime.lock("bench")
    if not lock.try_acquire():
        pid = lock.holder().get("pid", "unknown")
        raise UsageError(f"a bench of {fixture.fixture} is up already (process {pid}, {runtime.folder})")
    try:
        scenario = load_scenario(scenario_file) if scenario_file else Scenario()
        bench = Bench(Rack(fixture, find_plans(plans), scenario, clock.now()), runtime, clock)
        asyncio.run(bench.run(print_ports=print_ports, idle_seconds=idle_seconds))
    finally:
        lock.release()


def _for_people(ports: Mapping[str, SlotPorts]) -> str:
    lines = (
        f"{name}: " + ", ".join(f"{part} {where}" for part, where in one.addresses().items())
        for name, one in ports.items()
    )
    return "\n".join((*lines, "The bench is up; Ctrl-C stops it.", ""))
