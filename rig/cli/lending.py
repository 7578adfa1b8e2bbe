"""Instruments that belong to a fixture: lent for a check when its slot is empty and nobody runs.

A supply is the guard's. One that is up lends it and watches the borrower; without one the check takes
the guard's lock, so none can start meanwhile, and looks itself whether a board is seated. Meters and
scanners are the runs': the slot's lock keeps those out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rig.clock import SystemClock
from rig.errors import BridgeError, GuardError, GuardTrip, RigError, Role, UsageError
from rig.fixturefile import FixtureFile, load_fixture
from rig.guard.client import GuardClient
from rig.guard.loan import Wanted
from rig.instruments.bridge import Bridge, Level
from rig.instruments.identity import Expected
from rig.instruments.inspection import Target
from rig.instruments.scanner import Channels
from rig.recipe import find_plans, load_plan
from rig.runtime import Runtime, runtime_for
from rig.slotentry import InstrumentEntry, SlotEntry

_FOLDER = "fixtures"


@dataclass(frozen=True, slots=True)
class Lent:
    """What may be tried; ``require`` raises GuardError once the guard has taken it back."""

    target: Target
    require: Callable[[], None] = lambda: None


def as_named(target: Target, file: Path, held: ExitStack, product: str | None = None) -> Lent:
    """The target with what the fixture file knows of it, lent until ``held`` is closed.

    A scanner has a channel for each domain of ``product``, a simulated bench's own without.
    Raises UsageError when the file does not name it, a run has it, the guard does not lend it, a
    board is seated or nobody says what the scanner's boards are; BridgeError when a board cannot be seen.
    """
    fixture, runtime = load_fixture(file), runtime_for(file)
    for name, slot in _slots(fixture, runtime):
        for role in Role:
            if _same(slot.addresses()[role.value], target.resource):
                place = _Place(fixture, runtime, name, slot)
                named, demand = _named(target, role, slot), target.demand
                if role is Role.SCANNER:
                    named = replace(named, channels=_channels(slot, product or fixture.board))
                place.keep_runs_out(held)
                if role is Role.SUPPLY:
                    return Lent(named, place.lend_supply(Wanted(demand.volts, demand.amps), held))
                place.demand_empty()
                return Lent(named)
    raise UsageError(f"{target.resource}: not named by {file}; is the address right, and the bench up?")


def refuse_if_guarded(resource: str) -> None:
    """Raises UsageError when a fixture file of this place names the resource and its guard is up."""
    for file in _fixture_files():
        try:
            fixture, runtime = load_fixture(file), runtime_for(file)
            names = [name for name, slot in _slots(fixture, runtime)
                     if any(_same(address, resource) for address in slot.addresses().values())]
        except RigError:
            continue                            # a file that cannot be read guards nothing
        guard = runtime.lock("guard")
        if names and not guard.try_acquire():
            raise UsageError(f"{resource}: belongs to {names[0]} of {file}, whose guard is up; say "
                             f"--fixture {file}, and it lends what an empty slot does not need")
        guard.release()


def _named(target: Target, role: Role, slot: SlotEntry) -> Target:
    entries: dict[Role, InstrumentEntry] = {
        Role.SUPPLY: slot.supply, Role.METER: slot.meter, Role.SCANNER: slot.scanner,
    }
    entry = entries[role]
    return replace(
        target,
        family=target.family or entry.family,
        role=target.role or role,
        options=entry.options if target.family in (None, entry.family) else {},
        expected=Expected((entry.model.upper(),) if entry.model else (), entry.serial_number),
    )


def _channels(slot: SlotEntry, product: str | None) -> Channels:
    """Where a board of the product is wired. Raises UsageError, FileError."""
    if product is None:
        raise UsageError("--product: found none, expected the product tested here: a scanner has a channel "
                         "for each of its domains")
    first = slot.scanner.first_domain_channel
    domains = load_plan(find_plans(), product).product.domains
    return Channels(tuple(range(first, first + domains)), slot.scanner.terminal_channel)


@dataclass(frozen=True, slots=True)
class _Place:
    """One slot of a fixture, its instruments wanted. Raises UsageError when it is not free for that."""

    fixture: FixtureFile
    runtime: Runtime
    name: str
    slot: SlotEntry

    def keep_runs_out(self, held: ExitStack) -> None:
        lock = self.runtime.lock(f"slot-{self.name}")
        if not lock.try_acquire({"pid": os.getpid(), "holder": "rig instrument check"}):
            raise self._refused(f"a run has the slot (process {lock.holder().get('pid', 'unknown')})")
        held.callback(lock.release)

    def lend_supply(self, wanted: Wanted, held: ExitStack) -> Callable[[], None]:
        """By the guard that is up, else by keeping guards out; whether it is still lent, to be asked."""
        guard = self.runtime.lock("guard")
        if guard.try_acquire():
            held.callback(guard.release)
            try:
                wanted.check()
            except GuardError as error:
                raise self._refused(str(error)) from error
            self._look_for_a_board()
            return lambda: None
        client = held.enter_context(self._guard())
        try:
            client.borrow(wanted.volts, wanted.amps)
        except (GuardError, GuardTrip) as error:
            raise self._refused(str(error)) from error
        return client.require_loan

    def demand_empty(self) -> None:
        """No board is in, says the guard that is up, else the bridge."""
        guard = self.runtime.lock("guard")
        if guard.try_acquire():
            try:
                self._look_for_a_board()
            finally:
                guard.release()
            return
        with self._guard() as client:
            try:
                pins = client.status()[self.name]["interlocks"]
            except GuardError as error:
                raise self._refused(str(error)) from error
        if pins is None:
            raise BridgeError(f"{self.name}: its bridge does not answer the guard, so nobody sees a board")
        self._refuse_board(seated=pins["seated"])

    def _look_for_a_board(self) -> None:
        bridge = Bridge(self.slot.bridge or "", SystemClock())
        try:
            seated = bridge.pin(self.slot.pins.seated) is Level.HIGH
        finally:
            bridge.close()
        self._refuse_board(seated=seated)

    def _refuse_board(self, *, seated: bool) -> None:
        if seated:
            raise self._refused("found a board in the slot, expected none; take it out first")

    @contextmanager
    def _guard(self) -> Iterator[GuardClient]:
        if not self.runtime.guard_socket.exists():
            pid = self.runtime.lock("guard").holder().get("pid", "unknown")
            raise self._refused(f"its guard is starting or ending, or another check is at it (process "
                                f"{pid}); try again in a moment")
        client = GuardClient(self.runtime.guard_socket, self.name, "check", SystemClock())
        try:
            yield client
        finally:
            client.close()

    def _refused(self, why: str) -> UsageError:
        return UsageError(f"{self.name} of {self.fixture.fixture}: {why}")


def _slots(fixture: FixtureFile, runtime: Runtime) -> Iterator[tuple[str, SlotEntry]]:
    """Slots with their addresses; a simulated bench that is not up has none."""
    if not fixture.simulated:
        yield from fixture.slots.items()
        return
    try:
        ports = json.loads(runtime.bench_ports.read_text(encoding="utf-8"))["slots"]
        yield from ((name, slot.at(ports[name])) for name, slot in fixture.slots.items())
    except (OSError, ValueError, KeyError, TypeError):
        return


def _fixture_files() -> Iterator[Path]:
    """Bench files beside the working directory or above it, where ``rig run`` looks for them too."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / _FOLDER).is_dir():
            yield from sorted((folder / _FOLDER).glob("*.yaml"))
            return


def _same(address: str | None, resource: str) -> bool:
    return address is not None and address.upper() == resource.upper()
