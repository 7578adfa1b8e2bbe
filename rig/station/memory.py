"""What stands on the tiles, kept for the station that comes after a kill.

The verdicts themselves are in the store. Kept here is whose they are and what people have done with
them since: ``results/station/tiles-<fixture>.json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, Field

from rig.datafile import Data
from rig.records.files import write_whole
from rig.station.slotflow import SlotFlow
from rig.station.view import TileState


class Kept(Data):
    """The last run of a slot. ``since``: when it was ordered; None where an earlier station did."""

    serial: str
    since: AwareDatetime | None = None
    acknowledged: bool = False
    superseded: bool = False                # another board was scanned for the slot since
    lifted: bool = False                    # the board has been taken out since


class Tiles(Data):
    schema_version: int = Field(default=1, ge=1, le=1)
    slots: dict[str, Kept] = Field(default={})


class Memory:
    """Written when something has changed. Raises StationFault when the disk refuses."""

    def __init__(self, results: Path, fixture: str) -> None:
        self._file = results / "station" / f"tiles-{fixture}.json"
        self.tiles = self._load()
        self._since = {name: kept.since for name, kept in self.tiles.slots.items()}

    def ordered(self, slot: str, at: datetime) -> None:
        """A run of the slot begins now."""
        self._since[slot] = at

    def keep(self, slots: Mapping[str, SlotFlow]) -> None:
        """How the slots stand now."""
        found = {name: self._of(slot) for name, slot in slots.items()}
        tiles = Tiles(slots={name: kept for name, kept in found.items() if kept is not None})
        if tiles == self.tiles:
            return
        self.tiles = tiles
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._file, tiles.model_dump_json() + "\n")

    def _of(self, slot: SlotFlow) -> Kept | None:
        since = self._since.get(slot.name)
        if slot.running is not None:
            return Kept(serial=slot.running, since=since)
        if slot.ended is None:
            return None
        return Kept(
            serial=slot.ended.serial, since=since, acknowledged=slot.acknowledged,
            superseded=slot.ended.state is TileState.READY, lifted=slot.fresh,
        )

    def _load(self) -> Tiles:
        try:
            return Tiles.model_validate_json(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return Tiles()                      # what cannot be read stands on no tile
