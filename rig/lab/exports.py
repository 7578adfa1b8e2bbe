"""What a bench tells the lab: one resource a slot, plain data from its file, and one place for it."""

from __future__ import annotations

import socket
from pathlib import Path

import yaml

from rig.fixturefile import FixtureFile
from rig.lab.names import HOST, SLOT_CLASS, exporter_name, place_name
from rig.runtime import Runtime
from rig.slotentry import SlotEntry

__all__ = ["exporter_name", "exports", "place_match", "place_name", "place_tags"]


def place_match(fixture: FixtureFile, slot: str) -> str:
    """What belongs to the place: exporter/group/class."""
    return f"{exporter_name(fixture)}/{slot}/{SLOT_CLASS}"


def place_tags(fixture: FixtureFile, slot: str) -> dict[str, str]:
    """What a place can be looked for by. Labgrid takes lower case only."""
    kind = "simulated" if fixture.simulated else "real"
    tags = {"station": fixture.station, "fixture": fixture.fixture, "slot": slot, "bench": kind,
            HOST: socket.gethostname()}
    if fixture.board is not None:
        tags |= {"board": fixture.board, "product": fixture.board}
    return {name: value.lower() for name, value in tags.items()}


def exports(file: Path, fixture: FixtureFile, runtime: Runtime) -> str:
    """The exporter's own file: a group a slot. A class it does not know goes out as plain data."""
    return yaml.safe_dump({
        name: {SLOT_CLASS: _slot(file, fixture, runtime, name, slot)}
        for name, slot in fixture.slots.items()
    })


def _slot(
    file: Path, fixture: FixtureFile, runtime: Runtime, name: str, slot: SlotEntry
) -> dict[str, str | bool | None]:
    """Only text and truth values: labgrid's exporter ends when it is given a list or a mapping."""
    return {
        "host": socket.gethostname(),
        "fixture_file": str(file.resolve()),
        "runtime": str(runtime.folder),
        "station": fixture.station,
        "slot": name,
        "simulated": fixture.simulated,
        **{f"{role}_address": address for role, address in slot.addresses().items()},
        **{f"{role}_family": entry.family for role, entry in slot.instruments.items()},
    }
