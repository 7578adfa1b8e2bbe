"""What the rig asks and tells a factory's system, whatever messages that speaks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from rig.errors import MesError
from rig.records.model import RunRecord

MOST_TEXT = 200                 # of what the far side says


class MesAway(MesError):
    """It cannot be reached, is busy, or answers nonsense: the same again, later."""


class MesDenied(MesError):
    """It does not let this station in: a person must do something."""


class MesRejected(MesError):
    """It will never take this message."""


class Reason(StrEnum):
    """Why a board may not be run now. The words are the plain dialect's."""

    PREVIOUS_STEP = "previous_step_missing"
    REWORK = "in_rework"
    QUARANTINE = "quarantine"
    WRONG_PRODUCT = "wrong_product"
    UNKNOWN_BOARD = "unknown_board"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Question:
    """A board that is to be run."""

    serial: str
    product: str
    station: str
    fixture: str
    slot: str


@dataclass(frozen=True, slots=True)
class Route:
    """The answer; ``reason`` is None where the board may be run. ``text`` is the far side's."""

    reason: Reason | None = None
    text: str = ""


class MesPort(Protocol):
    """A factory's system."""

    def route(self, question: Question) -> Route:
        """Whether the board may be run. Raises MesAway, MesDenied, MesRejected."""
        ...

    def commit(self, record: RunRecord) -> None:
        """Tell a run's result, any number of times; returns when the far side has it.

        Raises MesAway, MesDenied, MesRejected.
        """
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted: JSON to a path below the system's address; ``key``: equal for equal messages."""

    path: str
    body: dict[str, Any]
    key: str | None = None


class Messages(Protocol):
    """One dialect. What is read raises MesAway for an answer that is none, MesRejected for a no."""

    def ask(self, question: Question, token: str | None) -> Message: ...

    def read_route(self, answer: Any) -> Route: ...

    def tell(self, record: RunRecord, token: str | None) -> Message | None:
        """None where the dialect has no words for what the run came to."""
        ...

    def read_receipt(self, answer: Any) -> None: ...


def line(text: object) -> str:
    """What the far side says, fit for a log and a terminal: one line, printable, not long."""
    words = "".join(one if one.isprintable() else " " for one in str(text))
    return " ".join(words.split())[:MOST_TEXT]
