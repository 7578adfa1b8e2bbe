"""What a night came to, as it is kept: one JSON file a night, which later nights are held against."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Self

from pydantic import AwareDatetime, Field

from rig.datafile import Data

FILE = "nightly.json"


class Ended(StrEnum):
    """How one piece of work ended."""

    GOOD = "good"
    FAILED = "failed"                   # the board or the check failed
    STATION = "station fault"
    PREEMPTED = "pre-empted"            # production wanted the slot, and got it
    NOT_DONE = "not done"               # taken by somebody, or what came before forbids it


class NightCode(IntEnum):
    """Exit codes of ``rig nightly``; 2 is a bad site file, of which there is no summary."""

    GOOD = 0
    FAILED = 1
    STATION_FAULT = 3
    STOPPED = 4


class Piece(Data):
    """One piece of work in a slot. ``code``: the failure code of its run."""

    name: str
    ended: Ended
    says: str
    seconds: float = 0.0
    run_id: str | None = None
    code: str | None = None


class SlotNight(Data):
    """One slot's night. ``measured``: of the golden run. ``power``: the guard's word at the end."""

    place: str
    station: str
    fixture: str
    slot: str
    serial: str
    product: str
    simulated: bool
    pieces: tuple[Piece, ...]
    measured: dict[str, float] = Field(default={})
    golden_seconds: float | None = None
    power: str = "not asked"
    left_on: bool = False
    seconds: float = 0.0


class Hit(Data):
    """Something that stands out against the nights before. ``grave``: it fails the night."""

    about: str
    where: str
    value: float
    mean: float
    n: int                              # of nights it is held against
    says: str
    grave: bool


class NightSummary(Data):
    """A whole night. ``elsewhere``: benches of other computers, which were not touched."""

    schema_version: int = Field(default=1, ge=1, le=1)
    night: str
    site: str
    host: str
    rig_version: str
    started: AwareDatetime
    ended: AwareDatetime
    slots: tuple[SlotNight, ...]
    elsewhere: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()
    nights: int = 0                     # how many it was held against
    stopped: bool = False

    @property
    def pieces(self) -> list[tuple[SlotNight, Piece]]:
        return [(slot, piece) for slot in self.slots for piece in slot.pieces]

    def count(self, ended: Ended) -> int:
        return sum(piece.ended is ended for _, piece in self.pieces)

    @property
    def left_on(self) -> tuple[str, ...]:
        """Places whose board the guard could not be heard to have switched off."""
        return tuple(slot.place for slot in self.slots if slot.left_on)

    @property
    def seconds(self) -> float:
        return (self.ended - self.started).total_seconds()

    @property
    def code(self) -> NightCode:
        """Gravest first: stopped, a station fault (a board left on is one), something that failed."""
        if self.stopped:
            return NightCode.STOPPED
        if self.count(Ended.STATION) or self.left_on:
            return NightCode.STATION_FAULT
        if self.count(Ended.FAILED) or any(hit.grave for hit in self.hits):
            return NightCode.FAILED
        return NightCode.GOOD

    def with_hits(self, hits: tuple[Hit, ...], nights: int) -> Self:
        return self.model_copy(update={"hits": hits, "nights": nights})
