"""The bench process: all slots of a simulated fixture behind real ports, until it is stopped."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import uuid
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rig.clock import Clock
from rig.errors import RigError, UsageError
from rig.fixturefile import FixtureFile, load_fixture
from rig.recipe import find_plans
from rig.runtime import Runtime, runtime_for
from rig.sim.board import Board
from rig.sim.fixture import SimSlot
from rig.sim.ports import SlotPorts
from rig.sim.scenario import Scenario, load_scenario, scenario_for
from rig.sim.server import HOST, port_of, serve_control, serve_pdu, serve_truth
from rig.sim.shelf import Shelf

_LOOK_SECONDS = 0.02               # how often a port that nobody has open is looked at
_SERIAL_LENGTH = 17


class Bench:
    """All slots of one fixture. ``run`` serves until ``stop``, a signal, or idleness."""

    def __init__(
        self, fixture: FixtureFile, runtime: Runtime, plans: Path, scenario: Scenario, clock: Clock
    ) -> None:
        self._fixture, self._runtime, self._plans, self._clock = fixture, runtime, plans, clock
        self._shelf = Shelf()
        self._instance = uuid.uuid4().hex
        self._slots = {
            name: SimSlot(name, entry, zlib.crc32(name.encode()), clock.now())
            for name, entry in fixture.slots.items()
        }
        unknown = set(scenario.boards) - set(self._slots)
        if unknown:
            raise UsageError(
                f"scenario: no slot {', '.join(sorted(unknown))} on fixture {fixture.fixture}, "
                f"which has {', '.join(self._slots)}"
            )
        for name in self._slots:
            self._place(name, _bench_serial(name), fixture.board or "", plans, scenario)

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
            name: SlotPorts(slot, self._clock, self._wake) for name, slot in self._slots.items()
        }
        servers = []
        try:
            for ports in self._ports.values():
                await ports.settle()
            servers = [
                await serve_truth(self._truth),
                await serve_pdu(self._switch_outlet),
                await serve_control(self._runtime.bench_socket, self._act),
            ]
            self._announce(port_of(servers[0]), port_of(servers[1]), print_ports=print_ports)
            self._pump()
            await self._until_stopped(idle_seconds)
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
        if print_ports:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    async def _until_stopped(self, idle_seconds: float | None) -> None:
        """Wait for the end; between times, notice faults that touch the sockets, and idleness."""
        self._busy_at = self._clock.now()
        while not self._stopping.is_set():
            for ports in self._ports.values():
                if ports.unsettled:
                    await ports.settle()
                if ports.connected or ports.slot.live:
                    self._busy_at = self._clock.now()
            if idle_seconds is not None and self._clock.now() - self._busy_at > idle_seconds:
                return
            try:
                await asyncio.wait_for(self._stopping.wait(), _LOOK_SECONDS)
            except TimeoutError:
                continue

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
        self._failure = context.get("exception") or RuntimeError(str(context.get("message")))
        self._stopping.set()

    # ---- time

    def _pump(self) -> None:
        now = self._clock.now()
        due = min(ports.pump(now) for ports in self._ports.values())
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

    def _truth(self) -> dict[str, Any]:
        now = self._clock.now()
        return {"slots": {name: self._truth_of(slot, now) for name, slot in self._slots.items()}}

    @staticmethod
    def _truth_of(slot: SimSlot, now: float) -> dict[str, Any]:
        slot.advance(now)
        board = slot.board
        return {
            "output": slot.output.on,
            "volts": round(slot.power.pad_volts, 4),
            "amps": round(slot.power.supply_amps, 4),
            "celsius": round(board.hottest_celsius, 2) if board else None,
            "hashing": int(board.chain.hashing.sum()) if board else 0,
        }

    def _switch_outlet(self, outlet: int, wanted: bool | None) -> bool | None:
        """Read or switch an outlet; supplies may share one."""
        fed = [slot for slot in self._slots.values() if slot.entry.supply.pdu_outlet == outlet]
        for slot in fed:
            slot.advance(self._clock.now())
            if wanted is not None:
                slot.output.feed_mains(on=wanted)
        return all(slot.output.powered for slot in fed) if fed else None

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
                await self._place_asked(request)
            case "scan":
                board = self._slot(request).board
                if board is not None:
                    board.scan(_text(request, "serial"))
            case "status":
                boards = {name: slot.board for name, slot in self._slots.items()}
                serials = {name: board.serial if board else None for name, board in boards.items()}
                return {"instance": self._instance, "fixture": self._fixture.fixture, "serials": serials}
            case "stop":
                self._loop.call_soon(self._stopping.set)
            case other:
                raise UsageError(f"op: found {other!r}, expected place, scan, status or stop")
        return {}

    async def _place_asked(self, request: Mapping[str, Any]) -> None:
        slot = self._slot(request)
        slot.advance(self._clock.now())
        if slot.output.on:
            raise UsageError(f"{slot.name}: its supply's output is on; no board is changed under power")
        mapping, file = request.get("scenario"), request.get("scenario_file")
        scenario = scenario_for(mapping, Path(file) if file else None)
        plans = Path(request["plans"]) if request.get("plans") else self._plans
        product = str(request.get("product") or self._fixture.board)
        self._place(slot.name, _text(request, "serial"), product, plans, scenario)
        self._ports[slot.name].board_changed()
        await self._ports[slot.name].settle()

    def _place(self, name: str, serial: str, product: str, plans: Path, scenario: Scenario) -> None:
        found, book = self._shelf.take(plans, product)
        slot, now = self._slots[name], self._clock.now()
        slot.place(Board(found, book, scenario, name, serial), now)

    def _slot(self, request: Mapping[str, Any]) -> SimSlot:
        name = request.get("slot")
        if name not in self._slots:
            raise UsageError(f"slot {name!r}: not on this bench, which has {', '.join(self._slots)}")
        return self._slots[str(name)]


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
        bench = Bench(fixture, runtime, find_plans(plans), scenario, clock)
        asyncio.run(bench.run(print_ports=print_ports, idle_seconds=idle_seconds))
    finally:
        lock.release()


def _text(request: Mapping[str, Any], field: str) -> str:
    value = request.get(field)
    if not isinstance(value, str) or not value:
        raise UsageError(f"{field}: found {value!r}, expected a text")
    return value


def _bench_serial(slot: str) -> str:
    """The serial of the board that stands in a slot when the bench starts."""
    letters = "".join(letter for letter in slot.upper() if letter.isalnum() and letter.isascii())
    return f"RIGSIM{letters}".ljust(_SERIAL_LENGTH, "0")[:_SERIAL_LENGTH]
