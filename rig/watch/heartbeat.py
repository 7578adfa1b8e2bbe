"""The heartbeat file: what the last round saw, what rings, what is still to be told, when the next is due.

It is there whole or not at all, and it is the watcher's own memory: one that is started again tells nothing
twice. A file that is older than ``next_due`` is that of a dead watcher.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import AwareDatetime, Field, ValidationError

from rig.datafile import Data
from rig.errors import FileError
from rig.records.files import keeping, write_whole
from rig.watch.alarms import Event, Memory, Ringing
from rig.watch.signs import Sign


class Unsent(Data):
    """What the webhook is owed. ``going``, ``reason``: how it goes; ``dropped``, ``refused``: since ever."""

    waiting: tuple[Event, ...] = ()
    dropped: int = Field(default=0, ge=0)
    refused: int = Field(default=0, ge=0)
    going: str = ""
    reason: str = ""


class Heartbeat(Data):
    schema_version: int = Field(default=1, ge=1, le=1)
    station: str
    fixture: str
    host: str
    pid: int
    at: AwareDatetime
    next_due: AwareDatetime
    well: bool                                  # nothing alarms
    alive_told: AwareDatetime | None = None     # to the webhook
    signs: tuple[Sign, ...]
    memories: dict[str, Memory]                 # of each sign, by its name
    webhook: Unsent | None = None               # None: there is none

    @property
    def ringing(self) -> dict[str, Ringing]:
        return {name: one.ringing for name, one in self.memories.items() if one.ringing is not None}


def write_heartbeat(file: Path, heartbeat: Heartbeat) -> None:
    """Raises StationFault when the disk refuses."""
    with keeping(file):
        file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, heartbeat.model_dump_json(indent=1) + "\n")


def read_heartbeat(file: Path) -> Heartbeat:
    """Raises FileError when there is none, or none of this kind."""
    try:
        return Heartbeat.model_validate_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        found = error.strerror or str(error)
        raise FileError(file, "", found, "a watcher's heartbeat; start rig watch") from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise FileError(file, "", "something else", "a heartbeat of this version; remove it") from error
