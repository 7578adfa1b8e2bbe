"""What places, exporters and tags are called. Nothing heavy is imported here: every run looks in."""

from __future__ import annotations

from rig.fixturefile import FixtureFile

SLOT_CLASS = "BenchSlot"
# Tags of every place, and those of their values that mean something to the rig.
HOST = "host"
STATE, UP, DOWN = "state", "up", "down"
PRODUCTION, OPEN, LOCKED = "production", "open", "locked"


def exporter_name(fixture: FixtureFile) -> str:
    """One exporter a bench."""
    return f"{fixture.station}-{fixture.fixture}"


def place_name(fixture: FixtureFile, slot: str) -> str:
    return f"{exporter_name(fixture)}-{slot}"
