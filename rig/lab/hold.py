"""A place held for one run: asked for before it begins, given back after it, never needed between."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rig.errors import StationFault, UsageError
from rig.fixturefile import load_fixture
from rig.lab.directory import DEFAULT_COORDINATOR, Directory, Place
from rig.lab.health import slot_problems
from rig.lab.names import LOCKED, PRODUCTION
from rig.lab.refusals import Busy, Unfit
from rig.purpose import Purpose
from rig.runtime import Runtime, runtime_for


@dataclass(frozen=True, slots=True)
class HeldSlot:
    """What a place stands for: a slot of a bench of this computer."""

    fixture: Path
    slot: str
    place: str = ""


@contextmanager
def held_place(name: str, coordinator: str | None, purpose: Purpose | None = None) -> Iterator[HeldSlot]:
    """The slot behind a place, ours until the block ends; ``coordinator``: else $LG_COORDINATOR.

    A place whose holder was a process of this computer and is dead is taken from it. Raises UsageError
    when somebody has the place, it is unknown or another computer's, StationFault when coordinator,
    exporter or guard is not there or the slot is not fit, for a run of ``purpose`` if that is said.
    """
    directory = directory_at(coordinator)
    directory.free_the_dead()
    held = fit_slot(directory, directory.place(name), purpose)
    directory.acquire(name)
    with given_back(directory, name):
        yield held


def directory_at(coordinator: str | None) -> Directory:
    """The coordinator that was named, else $LG_COORDINATOR's, else the usual one."""
    return Directory(coordinator or os.environ.get("LG_COORDINATOR") or DEFAULT_COORDINATOR)


@contextmanager
def given_back(directory: Directory, name: str, token: str | None = None) -> Iterator[None]:
    """Give the place back when the block ends, and the reservation that it came by."""
    try:
        yield
    finally:
        try:
            directory.release(name)
            if token is not None:
                directory.give_up(token)
        except StationFault as error:   # the run is over and its record kept; the next one frees the place
            sys.stderr.write(f"rig: place {name} was not given back: {error}\n")


def fit_slot(directory: Directory, place: Place, purpose: Purpose | None) -> HeldSlot:
    """What a free place stands for, if a board may be run there now.

    Raises Busy when somebody has place or slot, UsageError for a slot of another computer, Unfit for
    one that must not be handed out; it is withheld then until `rig lab up` finds it well.
    """
    if place.slot is None and place.acquired is None:
        directory.withhold(place.name, "its exporter is not there; run rig lab up on its station")
    directory.demand_free(place.name)
    held, runtime = _slot_here(place)
    problem = slot_problems(load_fixture(held.fixture), runtime).get(held.slot)
    if problem is not None:
        directory.withhold(place.name, problem)
        raise Unfit(f"place {place.name} is withheld: {problem}")
    if purpose is Purpose.TEST and place.tags.get(PRODUCTION) == LOCKED:
        raise Unfit(f"place {place.name}: production is locked there: {place.why}; golden runs are let in")
    note = runtime.lock(f"slot-{held.slot}").held_by()
    if note is not None:
        raise Busy(f"place {place.name}: its slot is under lease by run {note.get('run', 'unknown')} (board "
                   f"{note.get('serial', 'unknown')}); wait until it ends")
    return held


def _slot_here(place: Place) -> tuple[HeldSlot, Runtime]:
    """Raises UsageError for a slot of another computer: its guard and its ports are reached there only."""
    told = place.slot or {}
    here, host = socket.gethostname(), told.get("host", "unknown")
    file = Path(told.get("fixture_file", ""))
    where = f"place {place.name} is {told.get('slot')} of {file} on station {told.get('station')} ({host})"
    if host != here or not file.is_file():
        raise UsageError(
            f"{where}, and this is {here}; run it there: a board is powered by its own station's guard only"
        )
    runtime = runtime_for(file)
    if str(runtime.folder) != told.get("runtime"):
        raise UsageError(
            f"{where}: found runtime directory {runtime.folder}, expected {told.get('runtime')}; run it "
            "there, or set RIG_RUNTIME as it was for rig lab up and be the same user"
        )
    return HeldSlot(file, told["slot"], place.name), runtime
