"""Instruments that belong to a fixture: lent for a check when its slot is empty and nobody runs.

Whoever holds the guard's lock is its master: without a guard the check takes that lock, so none can
start meanwhile, and looks itself whether a board is seated. A guard that is up keeps what it owns.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from rig.clock import SystemClock
from rig.errors import RigError, Role, UsageError
from rig.fixturefile import FixtureFile, InstrumentEntry, SlotEntry, load_fixture
from rig.instruments.bridge import Bridge, Level
from rig.instruments.identity import Expected
from rig.instruments.inspection import Target
from rig.instruments.scanner import Channels
from rig.runtime import Runtime, runtime_for

_FOLDER = "fixtures"
_DOMAINS = 13                                   # of the boards there are plans for


def as_named(target: Target, file: Path, held: ExitStack) -> Target:
    """The target with what the fixture file knows of it; the slot is held until ``held`` is closed.

    Raises UsageError when the file does not name it, a guard or a run has it, or a board is seated;
    BridgeError when that cannot be seen.
    """
    fixture, runtime = load_fixture(file), runtime_for(file)
    for name, slot in _slots(fixture, runtime):
        for role in Role:
            if _same(slot.addresses()[role.value], target.resource):
                _hold(fixture, runtime, name, held)
                _demand_empty(name, slot)
                return _named(target, role, slot)
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
            raise UsageError(f"{resource}: belongs to {names[0]} of {file}, whose guard is up; wait until "
                             f"its runs have ended, stop the guard, and say --fixture {file}")
        guard.release()


def _named(target: Target, role: Role, slot: SlotEntry) -> Target:
    entries: dict[Role, InstrumentEntry] = {
        Role.SUPPLY: slot.supply, Role.METER: slot.meter, Role.SCANNER: slot.scanner,
    }
    entry = entries[role]
    first, pads = slot.scanner.first_domain_channel, slot.scanner.terminal_channel
    return replace(
        target,
        family=target.family or entry.family,
        role=target.role or role,
        options=entry.options if target.family in (None, entry.family) else {},
        expected=Expected((entry.model.upper(),) if entry.model else (), entry.serial_number),
        channels=Channels(tuple(range(first, first + _DOMAINS)), pads),
    )


def _hold(fixture: FixtureFile, runtime: Runtime, slot: str, held: ExitStack) -> None:
    for role, who in (("guard", "its guard is up: stop it first"), (f"slot-{slot}", "a run has the slot")):
        lock = runtime.lock(role)
        if not lock.try_acquire():
            pid = lock.holder().get("pid", "unknown")
            raise UsageError(f"{slot} of {fixture.fixture}: {who} (process {pid})")
        held.callback(lock.release)


def _demand_empty(name: str, slot: SlotEntry) -> None:
    bridge = Bridge(slot.bridge or "", SystemClock())
    try:
        seated = bridge.pin(slot.pins.seated) is Level.HIGH
    finally:
        bridge.close()
    if seated:
        raise UsageError(f"{name}: found a board in the slot, expected none; take it out first")


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
