"""One slot as a pure state machine: a board is asked for, runs, ends, and its verdict stays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from rig.purpose import Purpose
from rig.slot import Unload
from rig.station.view import TileState

TOUCHABLE = Unload(safe=True, seconds_left=0.0, celsius=None, why="")
SILENT_SECONDS = 3.0            # without the guard's word before a slot counts as unknown


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the guard knows of a slot. ``at``: when it was asked. ``fault`` of the bridge or the supply."""

    at: float
    estop_closed: bool | None = None
    lid_closed: bool | None = None
    seated: bool | None = None
    latched: bool = False
    leased: bool = False
    taken_by: str = ""                      # who has the slot, in words: a run, or one that tries its supply
    live: bool = False
    tripped: str | None = None              # code of a trip that the present lease has
    fault: str | None = None
    volts: float | None = None
    celsius: float | None = None
    unload: Unload = TOUCHABLE
    light_fault: str | None = None          # what is wrong with the stack light


@dataclass(frozen=True, slots=True)
class Asked:
    """A board that was scanned for a slot and has not started."""

    serial: str
    purpose: Purpose
    who: str                                # badge of whoever scanned it
    presses: tuple[str, ...] = ()           # what was scanned and pressed for it, for its record


class Missing(StrEnum):
    """What a board that was asked for waits for, gravest first; the value is the word key's end."""

    GUARD = "guard"
    BRIDGE = "bridge"
    ESTOP = "estop"
    RELEASE = "release"
    TAKEN = "wait_taken"
    CHANGE = "change"
    SEAT = "seat"
    LID = "lid"
    HOT = "wait_hot"
    FEED = "wait_feed"


@dataclass(frozen=True, slots=True)
class Ended:
    """How the slot's last run ended, as far as the flow cares."""

    serial: str
    state: TileState
    code: str | None = None

    @property
    def needs_ack(self) -> bool:
        return self.state in (TileState.FAIL, TileState.STATION_FAULT)


@dataclass(slots=True)
class SlotFlow:
    """What one slot stands at. ``reseat``: a board must be lifted before another one is taken for it."""

    name: str
    number: int
    reseat: bool
    asked: Asked | None = None
    running: str | None = None              # serial of the run that is on
    ended: Ended | None = None
    acknowledged: bool = False
    conditions: Conditions | None = None
    fresh: bool = True                      # nothing ran since the board was seated
    heard_at: float = field(default=-1e9)   # when the guard last told of it

    # -- what is seen ---------------------------------------------------------------------------

    def saw(self, found: Conditions) -> bool:
        """Take the guard's word; whether a board was just seated."""
        before, self.conditions, self.heard_at = self.conditions, found, found.at
        seated = bool(found.seated) and before is not None and before.seated is False
        if seated or found.seated is False:
            self.fresh = True
        if found.leased and self.running is None and found.seated:
            self.fresh = False              # somebody else runs the board that is in
        return seated

    def began(self, serial: str) -> None:
        self.asked, self.running, self.ended, self.acknowledged = None, serial, None, False
        self.fresh = False

    def finished(self, ended: Ended) -> None:
        self.running, self.ended, self.acknowledged = None, ended, False

    def came_back(self, ended: Ended, *, acknowledged: bool, lifted: bool) -> None:
        """An earlier station's last run of the slot stands again."""
        self.running, self.ended, self.acknowledged = None, ended, acknowledged
        self.fresh = lifted or bool(self.conditions and self.conditions.seated is False)

    # -- what is asked of it --------------------------------------------------------------------

    def take(self, asked: Asked) -> None:
        """A board was scanned for it; the last verdict makes room."""
        self.asked, self.ended, self.acknowledged = asked, self._kept(), False

    def acknowledge(self) -> None:
        self.acknowledged = True

    def withdraw(self) -> str:
        """The board that was asked for is not tested after all; its serial."""
        serial = self.asked.serial if self.asked else ""
        self.asked = None
        return serial

    # -- how it stands --------------------------------------------------------------------------

    @property
    def busy_with(self) -> str | None:
        """Serial of the board it runs or waits for."""
        return self.running or (self.asked.serial if self.asked else None)

    @property
    def needs_ack(self) -> bool:
        return self.ended is not None and self.ended.needs_ack and not self.acknowledged

    @property
    def hot(self) -> bool:
        """A board that ran here may not be touched yet."""
        return self.ended is not None and self.conditions is not None and not self.conditions.unload.safe

    def free(self) -> bool:
        return self.busy_with is None and not self.needs_ack and not self.hot

    def unheard(self, now: float) -> float | None:
        """For how long nobody knows what the slot does; None when it is known."""
        silent = now - self.heard_at
        return silent if silent > SILENT_SECONDS else None

    def missing(self, now: float, *, feed_free: bool) -> Missing | None:
        """What the board that was asked for still waits for; None when it may start."""
        found = self.conditions
        if found is None or self.unheard(now) is not None:
            return Missing.GUARD
        if found.fault is not None or found.seated is None:
            return Missing.BRIDGE
        if not found.estop_closed:
            return Missing.ESTOP
        if found.latched:
            return Missing.RELEASE
        if found.taken_by:
            return Missing.TAKEN
        if self._other_board_is_in():
            return Missing.HOT if not found.unload.safe else Missing.CHANGE
        if not found.seated:
            return Missing.SEAT
        if not found.lid_closed:
            return Missing.LID
        return None if feed_free else Missing.FEED

    def _other_board_is_in(self) -> bool:
        asked, last = self.asked, self.ended
        return self.reseat and not self.fresh and asked is not None and (
            last is None or last.serial != asked.serial
        )

    def _kept(self) -> Ended | None:
        """The last end is remembered while its board is in, but no longer shown as a verdict."""
        return None if self.ended is None or self.fresh else replace(self.ended, state=TileState.READY)
