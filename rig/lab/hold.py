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
from rig.lab.directory import DEFAULT_COORDINATOR, Directory, Place
from rig.lab.holders import is_gone
from rig.runtime import runtime_for


@dataclass(frozen=True, slots=True)
class HeldSlot:
    """What a place stands for: a slot of a bench of this computer."""

    fixture: Path
    slot: str


@contextmanager
def held_place(name: str, coordinator: str | None) -> Iterator[HeldSlot]:
    """The slot behind a place, ours until the block ends; ``coordinator``: else $LG_COORDINATOR.

    A place whose holder was a process of this computer and is dead is taken from it. Raises UsageError
    when somebody has the place, it is unknown or another computer's, StationFault when coordinator or
    exporter is not there.
    """
    directory = Directory(coordinator or os.environ.get("LG_COORDINATOR") or DEFAULT_COORDINATOR)
    known = directory.places().get(name)
    if known is not None and known.acquired is not None and is_gone(known.acquired):
        directory.release(name, known.acquired)
    place = directory.acquire(name)
    try:
        yield _slot_here(place)
    finally:
        try:
            directory.release(name)
        except StationFault as error:   # the run is over and its record kept; the next one frees the place
            sys.stderr.write(f"rig: place {name} was not given back: {error}\n")


def _slot_here(place: Place) -> HeldSlot:
    """Raises UsageError for a slot of another computer: its guard and its ports are reached there only."""
    told = place.slot or {}
    here, host = socket.gethostname(), told.get("host", "unknown")
    file = Path(told.get("fixture_file", ""))
    if host != here or not file.is_file():
        raise UsageError(
            f"place {place.name} is slot {told.get('slot')} of {file} on {host}, and this is {here}; run it "
            "there: a board is powered by the guard of its own station only"
        )
    if str(runtime_for(file).folder) != told.get("runtime"):
        raise UsageError(
            f"place {place.name}: found runtime directory {told.get('runtime')}, expected "
            f"{runtime_for(file).folder}; set RIG_RUNTIME as it was for rig lab up, and be the same user"
        )
    return HeldSlot(file, told["slot"])
