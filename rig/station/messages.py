"""Bodies and answers of the API, checked at the door."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from rig.datafile import Data
from rig.records import Event, MeasurementRecord, RunRecord
from rig.station.scans import Kind
from rig.station.view import BoardMap, Words

PressId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]    # fresh for every press
SlotName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
RunId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$")]
Outcome = Literal["accepted", "refused", "ignored"]


class Press(Data):
    id: PressId


class ScanBody(Press):
    text: str = Field(min_length=1, max_length=80)


class BadgeBody(Press):
    badge: str = Field(min_length=1, max_length=80)


class PinBody(Press):
    pin: str = Field(min_length=1, max_length=40)


class ReleaseBody(Press):
    volts: float | None = Field(default=None, ge=0, le=1000)    # measured by hand at the board


class MuteBody(Press):
    muted: bool


class SessionView(Data):
    """Who this browser is. ``role`` is what it may do now, ``own_role`` what its PIN makes of it."""

    role: str
    badge: str | None = None
    name: str | None = None
    own_role: str | None = None
    in_control: bool = False
    csrf: str | None = None
    expires_at: str | None = None
    needs_pin: bool = False


class PressAnswer(Data):
    id: str
    outcome: Outcome
    words: Words
    repeated: bool = False


class ScanAnswer(PressAnswer):
    kind: Kind
    slot: str | None = None


class ErrorBody(Data):
    error: Words
    retry_after: float | None = None


class RunLineView(Data):
    run_id: str
    serial: str
    slot: str
    started: str
    seconds: float
    verdict: str
    grade: str | None
    failure_code: str | None
    simulated: bool
    purpose: str
    operator: str | None


class RunList(Data):
    runs: list[RunLineView]


class RunDetail(Data):
    """A run; ``record`` is null while it is on."""

    live: bool
    run_id: str
    serial: str
    slot: str
    record: RunRecord | None
    measurements: list[MeasurementRecord]
    events: list[Event]
    board: BoardMap | None


class DomainCurve(Data):
    at_seconds: list[float]
    volts: list[list[float | None]]


class Curves(Data):
    """Samples of a run, thinned; lists of one length."""

    at_seconds: list[float]
    watts: list[float | None]
    volts: list[float | None]
    amps: list[float | None]
    mhz: list[float | None]
    celsius: list[float | None]
    answers: list[float | None]
    domain_volts: DomainCurve


class JournalPage(Data):
    lines: list[dict[str, Any]]
    total: int


class Card(Data):
    code: str
    words: Words


class CardList(Data):
    cards: list[Card]
