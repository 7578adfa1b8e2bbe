"""What the station shows: frozen values that become JSON for the page and for whoever reads the API.

Every sentence is a key, its parameters and the English text. Shares are 0..1; a number that is not
known is null, never NaN. Chips, domains and sensors count from 0 at the host connector.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from rig.datafile import Data


class TileState(StrEnum):
    """What a slot's tile says by word, icon and colour."""

    EMPTY = "EMPTY"                     # no board is seated
    READY = "READY"                     # a board is seated, nobody has scanned it
    ACTION_NEEDED = "ACTION_NEEDED"     # scanned; something is missing before it starts by itself
    RUNNING = "RUNNING"
    HOT = "HOT"                         # do not touch; ``outcome`` is what it will say then
    PASS = "PASS"
    MARGINAL = "MARGINAL"
    RETEST = "RETEST"
    FAIL = "FAIL"
    STATION_FAULT = "STATION_FAULT"
    STOPPED = "STOPPED"
    NO_LINK = "NO_LINK"                 # the station does not know what the slot does: it may be live


class Estop(StrEnum):
    CLOSED = "closed"                   # all loops closed, nothing latched
    OPEN = "open"
    LATCHED = "latched"                 # closed again, a named person has not released it yet
    UNKNOWN = "unknown"                 # the guard or a bridge does not answer


class Due(StrEnum):
    """How a check stands that a shift depends on."""

    GOOD = "good"
    DUE = "due"
    FAILED = "failed"
    NOT_NEEDED = "not needed"           # a simulated bench, or one kept from production


class Words(Data):
    """One sentence for people: a key of the word files, what fills its places, and the English text."""

    key: str
    params: dict[str, str | int | float] = Field(default={})
    text: str


class BoardMap(Data):
    """The board as a map of ``domains`` columns by ``chips_per_domain`` rows.

    Chip c stands in column c // chips_per_domain, row c % chips_per_domain. Lists are as long as the
    board has chips (or domains, sensors), or empty when nothing is known yet.
    """

    domains: int
    chips_per_domain: int
    chips_found: int | None = None                      # so many chips, from the host on, answered
    hit_shares: tuple[float | None, ...] = ()           # (chips,) known answers that came back
    bad_cores: tuple[int | None, ...] = ()              # (chips,) cores that never answer, of 128
    chip_celsius: tuple[float | None, ...] = ()         # (chips,) only where a product tells it
    sensor_celsius: tuple[float | None, ...] = ()       # (sensors,)
    domain_volts: tuple[float | None, ...] = ()         # (domains,)
    failing_chips: tuple[int, ...] = ()
    failing_domains: tuple[int, ...] = ()
    failing_sensors: tuple[int, ...] = ()


class HandsOff(Data):
    """Why the board may not be touched yet."""

    words: Words
    seconds_left: float | None = None       # None: cannot be told
    volts: float | None = None
    celsius: float | None = None


class TileView(Data):
    """One slot."""

    slot: str                               # its name in the fixture file
    number: int                             # 1-based; what the cards STOP-n, SLOT-n, RELEASE-n say
    state: TileState
    outcome: TileState | None = None        # the verdict behind HOT; else the state again once it has one
    serial: str | None = None
    run_id: str | None = None
    golden: bool = False                    # the board is a golden one, the run a check of the station
    simulated: bool = False
    title: Words                            # big: PASS, FAIL, SEAT THE BOARD ...
    sentence: Words | None = None           # what was found
    action: Words | None = None             # what to do next
    place: Words | None = None              # where on the board
    code: str | None = None                 # failure code
    grade: str | None = None                # level that was reached
    phase: str | None = None                # what the run does now, its own words
    progress: float | None = None           # 0..1; None where it cannot be told
    seconds: float | None = None            # since the run began
    seconds_left: float | None = None       # from past runs of this product
    watts: float | None = None
    celsius: float | None = None            # hottest sensor of the board
    mhz: float | None = None
    answers_per_second: float | None = None
    volts: float | None = None              # at the supply
    board: BoardMap | None = None
    hands_off: HandsOff | None = None       # not None: do not touch, whatever the state
    needs_ack: bool = False                 # somebody must scan the slot or press the key
    label: Words | None = None              # what became of the label
    can_stop: bool = False
    needs_release: bool = False             # a technician must release it: RELEASE-n


class FeedView(Data):
    """One breaker and what its slots take now."""

    name: str
    watts: float
    most_watts: float


class CheckView(Data):
    state: Due
    at: str | None = None                   # ISO, when it was last good
    words: Words


class Control(Data):
    """Who is in control. One browser is; the others watch."""

    badge: str                              # the badge's number, not its secret
    name: str
    role: str


class Pending(Data):
    """A scan that waits for its other half: a board for a slot, a slot for a board, a card for a board."""

    kind: Literal["board", "slot", "rework"]
    value: str
    words: Words


class Yield(Data):
    """First-pass yield of the shift, with its 95 % Wilson interval; None of all where n is 0."""

    passed: int
    n: int
    share: float | None = None
    low: float | None = None
    high: float | None = None


class ShiftView(Data):
    """The bar of the shift."""

    started: str | None                     # ISO; None: no shift
    boards: int = 0
    first_pass: Yield
    top_code: str | None = None
    top_code_count: int = 0
    calibration: Words | None = None        # meter of slot2
    calibration_days: int | None = None     # days left; negative: overdue
    outbox_depth: int = 0
    disk_free_bytes: int | None = None


class AlarmView(Data):
    """What the last boards ring for. ``locks``: production waits until somebody has looked at ``slot``."""

    words: Words
    slot: str | None = None
    locks: bool = False


class StationView(Data):
    """Everything a page draws. ``seq`` grows with every change."""

    schema_version: Literal[1] = 1
    seq: int
    now: str                                # ISO, UTC, with milliseconds
    station: str
    fixture: str
    product: str
    simulated: bool
    guard_answers: bool
    estop: Estop
    muted: bool = False
    locked: Words | None = None             # production is locked, and why (STN-GOLDEN ...)
    locked_code: str | None = None
    control: Control | None = None
    prompt: Words                           # what the station waits for now
    pending: Pending | None = None
    self_test: CheckView
    golden: CheckView
    feeds: tuple[FeedView, ...] = ()
    shift: ShiftView
    alarms: tuple[AlarmView, ...] = ()      # those that lock first
    notices: tuple[Words, ...] = ()         # newest last: the station was restarted ...
    tiles: tuple[TileView, ...]
