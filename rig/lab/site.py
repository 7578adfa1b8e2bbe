"""Site files: the benches of a place, the golden boards in their slots, and what the night does there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from rig.datafile import Data, load
from rig.fixturefile import SlotName
from rig.recipe.failures import Party, party_of

_HOST_PORT = r"^([^\s/:]+|\[[0-9A-Fa-f:]+\]):\d{1,5}$"


class Work(StrEnum):
    """What the night does in a slot, in this order."""

    SELF_TEST = "self-test"             # guard, bridge, e-stop, calibration, disk, store
    INSTRUMENTS = "instruments"         # meter and scanner tried out, the supply as its guard sees it
    GOLDEN = "golden"                   # the plan on the golden board, held against its own past
    PLANTED = "planted"                 # the plan with faults of the station; on a simulated bench only


class PlantedFault(Data):
    """A fault of the station (docs/scenarios.md), and the codes of which each is right for it."""

    fault: Mapping[str, Any] = Field(min_length=1)
    codes: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_the_stations(self) -> Self:
        kind = self.fault.get("kind")
        if not isinstance(kind, str):
            raise ValueError("fault: a kind of docs/scenarios.md under the key kind")
        for code in self.codes:
            if party_of(code) is not Party.STATION:
                raise ValueError(f"codes of the station, STN-…, for {kind}, not a board's")
        return self

    @property
    def kind(self) -> str:
        return str(self.fault["kind"])


class GoldenSlot(Data):
    """A slot with a golden board in it. ``work``: all that its bench allows unless some is named."""

    serial: str = Field(pattern=r"^[\x21-\x7e]{1,40}$")
    product: str = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")
    work: tuple[Work, ...] | None = Field(default=None, min_length=1)


class BenchEntry(Data):
    """One bench. ``host``: the computer it stands at, by the name that computer calls itself."""

    fixture: Path                       # beside the site file, unless it is absolute
    host: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    listen: str = "127.0.0.1"           # where its lab listens if the night has to bring it up
    slots: dict[SlotName, GoldenSlot] = Field(min_length=1)


class SiteFile(Data):
    """A site: where its coordinator is, its benches, and how the night goes."""

    schema_version: int = Field(default=1, ge=1, le=1)
    site: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")
    coordinator: Annotated[str, Field(pattern=_HOST_PORT)] | None = None    # None: each bench's own
    plans: Path | None = None           # as --plans of a run
    operator: str = Field(default="nightly", min_length=1, max_length=40)
    jobs: int = Field(default=4, ge=1, le=64)               # slots at work side by side
    run_minutes: float = Field(default=15, gt=0, le=240)    # then a run is ended, safely
    time_scale: float = Field(default=20, gt=0, le=100)     # heat on simulated benches runs so much faster
    planted: tuple[PlantedFault, ...] = ()
    benches: tuple[BenchEntry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _a_board_is_in_one_slot(self) -> Self:
        boards: dict[str, str] = {}
        for bench in self.benches:
            for name, golden in bench.slots.items():
                where = f"{name} of {bench.fixture}"
                if golden.serial in boards:
                    raise ValueError(f"a golden board of its own for {where}: {golden.serial} is in "
                                     f"{boards[golden.serial]}")
                boards[golden.serial] = where
        return self

    @model_validator(mode="after")
    def _benches_apart(self) -> Self:
        hosts = [bench.host for bench in self.benches]
        if None in hosts and any(hosts):
            raise ValueError("host for each bench or for none: without it a bench is taken for one of the "
                             "computer that the night runs on")
        places = [(bench.host, bench.fixture) for bench in self.benches]
        if len(set(places)) < len(places):
            raise ValueError("each bench once")
        return self


@dataclass(frozen=True, slots=True)
class Site:
    """A site file and where it lies."""

    file: Path
    told: SiteFile

    def fixture_of(self, bench: BenchEntry) -> Path:
        """The bench's file."""
        return self.file.parent / bench.fixture

    @property
    def plans(self) -> Path | None:
        return None if self.told.plans is None else self.file.parent / self.told.plans


def load_site(file: Path) -> Site:
    """Read and check a site file; its bench files are not looked at. Raises FileError."""
    return Site(file, load(file, SiteFile))
