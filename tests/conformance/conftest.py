"""Every family against its dialect simulator over both transports, with boards behind them."""

from __future__ import annotations

import socket
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

import rig
from rig.clock import Clock, SystemClock, VirtualClock
from rig.fixturefile import FixtureFile
from rig.instruments.memory import in_memory
from rig.instruments.registry import METERS, SCANNERS, SUPPLIES, open_meter, open_scanner, open_supply, visa
from rig.sim.dialects import meter_of, scanner_of, supply_of
from rig.sim.rack import Rack
from rig.sim.scenario import Scenario
from rig.sim.scpi import Answer
from rig.slotentry import SlotEntry

PLANS = Path(rig.__file__).parents[1] / "testplans"
FLOOD = "7" * 100_000


class Fault(Enum):
    SILENT = "no answer"
    LATE = "the right answer, much too late"
    HALF = "an answer without its end"
    TWICE = "the answer twice"
    CLOSES = "the connection closed instead of an answer"
    FLOODS = "no line end in sight"


@dataclass(frozen=True)
class Says:
    """Another answer."""

    text: str


Handle = Callable[[str, float], Answer | None]


class Wrong:
    """An instrument that misbehaves once for each behaviour queued for a question."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._queue: dict[str, deque[Fault | Says]] = defaultdict(deque)
        self.heard: list[str] = []

    def misbehave(self, question: str, *behaviours: Fault | Says) -> None:
        self._queue[question].extend(behaviours)

    def forget(self) -> None:
        self._queue.clear()
        self.heard.clear()

    def __call__(self, message: str, now: float) -> tuple[Answer | None, Fault | None]:
        self.heard.append(message)
        answer = self._handle(message, now)
        queue = self._queue[message]
        fault = queue.popleft() if queue else None
        if answer is not None and isinstance(fault, Says):
            return replace(answer, parts=(lambda: fault.text,)), None
        return answer, fault if isinstance(fault, Fault) else None


class Gear:
    """A rack with a slot for each family, and how to open instruments of it."""

    name = ""
    clock: Clock

    def __init__(self, rack: Rack) -> None:
        self.rack = rack
        self.wrong: dict[tuple[str, str], Wrong] = {}
        self._resets: list[Handle] = []
        for slot_name, slot in rack.slots.items():
            meter = meter_of(slot, self.clock.now())
            handles = {"supply": supply_of(slot).handle, "meter": meter.handle,
                       "scanner": scanner_of(slot).handle}
            self._resets.append(handles["supply"])
            for role, handle in handles.items():
                self.wrong[slot_name, role] = Wrong(self._caught_up(slot, meter, handle))

    def _caught_up(self, slot: Any, meter: Any, handle: Handle) -> Handle:
        """As the bench's ports have it: the world moves on before a message and before its answer."""
        lock = threading.RLock()

        def catch_up() -> None:
            now = self.clock.now()
            slot.advance(now)
            meter.advance(now)

        def caught_up(message: str, now: float) -> Answer | None:
            with lock:
                catch_up()
                answer = handle(message, self.clock.now())
            if answer is None:
                return None

            def text() -> str:
                with lock:
                    catch_up()
                    return answer.text()
            return Answer(answer.at, (text,))
        return caught_up

    def slot_of(self, family: str) -> str:
        return next(
            name for name, slot in self.rack.slots.items()
            if family in (slot.entry.supply.family, slot.entry.meter.family, slot.entry.scanner.family)
        )

    def open(self, role: str, slot: str, **changes: Any) -> Any:
        raise NotImplementedError

    def power(self, family: str, volts: float) -> Any:
        """The output of the family's slot on, as by hand; returns the slot when the pads have ``volts``."""
        slot = self.rack.slots[self.slot_of(family)]
        slot.output.volts_set = volts
        assert slot.output.switch_on()
        self.settle(family, volts)
        return slot

    def settle(self, family: str, volts: float) -> None:
        """Until the regulator and the pads of the family's slot stand at ``volts``."""
        slot, deadline = self.rack.slots[self.slot_of(family)], self.clock.now() + 5.0
        while slot.output.ramp != volts or abs(slot.power.pad_volts - volts) > 0.02:
            assert self.clock.now() < deadline
            self.clock.sleep(0.01)
            slot.advance(self.clock.now())
        self.clock.sleep(0.05)                  # the capacitance of the pads is charged
        slot.advance(self.clock.now())

    def reset(self) -> None:
        for wrong in self.wrong.values():
            wrong.forget()
        for reset in self._resets:
            reset("*RST", self.clock.now())


def entry_of(slot: SlotEntry, role: str, **changes: Any) -> Any:
    return getattr(slot, role).model_copy(update=changes)


class MemoryGear(Gear):
    """Virtual time: a second costs nothing."""

    name = "memory"

    def __init__(self, make: Callable[[float], Rack]) -> None:
        self.clock = VirtualClock()
        super().__init__(make(self.clock.now()))

    def open(self, role: str, slot: str, **changes: Any) -> Any:
        entry = entry_of(self.rack.slots[slot].entry, role, **changes)
        opener = in_memory(self.spoilt(self.wrong[slot, role]))
        return _open(role, entry, self.clock, opener)

    @staticmethod
    def spoilt(wrong: Wrong) -> Handle:
        def handle(message: str, now: float) -> Answer | None:
            answer, fault = wrong(message, now)
            if fault is Fault.CLOSES:
                raise ConnectionResetError("reset by peer")
            if answer is None or fault is None:
                return answer
            if fault in (Fault.SILENT, Fault.HALF):
                return None
            if fault is Fault.LATE:
                return replace(answer, at=answer.at + 60.0)
            said = answer.text
            return Answer(answer.at, (lambda: f"{said()}\n{said()}" if fault is Fault.TWICE else FLOOD,))
        return handle


class VisaGear(Gear):
    """Real sockets and real time."""

    name = "visa"

    def __init__(self, make: Callable[[float], Rack]) -> None:
        self.clock = SystemClock()
        super().__init__(make(self.clock.now()))
        self._stop = threading.Event()
        self._links: list[socket.socket] = []
        self._doors = {key: socket.create_server(("127.0.0.1", 0)) for key in self.wrong}
        self._threads = [
            threading.Thread(target=self._accept, args=(key, door), daemon=True)
            for key, door in self._doors.items()
        ]
        for thread in self._threads:
            thread.start()

    def open(self, role: str, slot: str, **changes: Any) -> Any:
        port = self._doors[slot, role].getsockname()[1]
        place = {"resource": f"TCPIP::127.0.0.1::{port}::SOCKET"}
        return _open(role, entry_of(self.rack.slots[slot].entry, role, **(place | changes)), self.clock, visa)

    def close(self) -> None:
        self._stop.set()
        for door in self._doors.values():
            door.shutdown(socket.SHUT_RDWR)
            door.close()
        for link in self._links:
            link.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self, key: tuple[str, str], door: socket.socket) -> None:
        while not self._stop.is_set():
            try:
                link, _ = door.accept()
            except OSError:
                return
            self._links.append(link)
            thread = threading.Thread(target=self._serve, args=(key, link), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, key: tuple[str, str], link: socket.socket) -> None:
        try:
            with link, link.makefile("r", encoding="ascii", newline="\n") as lines:
                for line in lines:
                    if not self._answer(self.wrong[key], line.strip(), link):
                        return
        except (OSError, ValueError):
            return

    def _answer(self, wrong: Wrong, message: str, link: socket.socket) -> bool:
        now = self.clock.now()
        answer, fault = wrong(message, now)
        if fault is Fault.CLOSES:
            return False
        if answer is None or fault is Fault.SILENT:
            return True
        self._stop.wait(max(0.0, answer.at - now) + (2.5 if fault is Fault.LATE else 0.0))
        text = answer.text()
        said = {Fault.HALF: text[: len(text) // 2], Fault.TWICE: f"{text}\r\n{text}\r\n", Fault.FLOODS: FLOOD}
        link.sendall((f"{text}\r\n" if fault is None else said.get(fault, f"{text}\r\n")).encode("ascii"))
        return True


def _open(role: str, entry: Any, clock: Clock, opener: Any) -> Any:
    if role == "supply":
        return open_supply(entry, clock, opener)
    return open_meter(entry, clock, opener) if role == "meter" else open_scanner(entry, 13, clock, opener)


def make_rack(now: float) -> Rack:
    """A slot for each supply family; meters and scanners go round."""
    meters, scanners = list(METERS), list(SCANNERS)
    options = {"genesys": {"acknowledge": "OK", "status": "n5700"}}
    slots = {
        f"{family}-slot": {
            "supply": {"family": family, "max_volts": 20, "max_amps": 120, "max_watts": 2000,
                       "options": options.get(family, {})},
            "meter": {"family": meters[number % len(meters)]},
            "scanner": {"family": scanners[number % len(scanners)]},
        }
        for number, family in enumerate(SUPPLIES)
    }
    fixture = FixtureFile.model_validate(
        {"fixture": "families", "simulated": True, "board": "s21pro", "slots": slots}
    )
    return Rack(fixture, PLANS, Scenario(), now)


@pytest.fixture(scope="session")
def gears() -> Iterator[dict[str, Gear]]:
    wired = VisaGear(make_rack)
    yield {"memory": MemoryGear(make_rack), "visa": wired}
    wired.close()


@pytest.fixture(params=["memory", "visa"])
def gear(request: pytest.FixtureRequest, gears: dict[str, Gear]) -> Gear:
    """One transport with all output off and nobody misbehaving."""
    found = gears[request.param]
    found.reset()
    return found


@pytest.fixture
def opened(gear: Gear) -> Iterator[Callable[..., Any]]:
    """Open an instrument by role and family; all are closed at the end."""
    made: list[Any] = []

    def opener(role: str, family: str, **changes: Any) -> Any:
        made.append(gear.open(role, gear.slot_of(family), **changes))
        return made[-1]

    yield opener
    for one in made:
        one.close()


@pytest.fixture
def faults() -> type[Fault]:
    return Fault


@pytest.fixture
def says() -> type[Says]:
    return Says
