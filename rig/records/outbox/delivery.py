"""What became of a try to deliver something, and what is sent and fetched by whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, Self, TypeVar


class Outcome(Enum):
    """What the far side made of it."""

    TAKEN = "taken"             # it has it for good
    LATER = "later"             # it is away or busy: the same again, in a while
    HELD = "held"               # it will not have us as we are: a person must do something
    REFUSED = "refused"         # at least one of these is not to its liking, and never will be
    TOO_LARGE = "too large"     # fewer at a time


@dataclass(frozen=True, slots=True)
class Delivery:
    """``seconds``: how long the far side asked us to wait; None: it did not say."""

    outcome: Outcome
    reason: str = ""
    seconds: float | None = None


TAKEN = Delivery(Outcome.TAKEN)


class Parcel(Protocol):
    """What is sent whole. ``number`` is its place in its queue; a newer state has a higher one."""

    @property
    def number(self) -> int: ...

    def split(self) -> Sequence[Self]:
        """Its parts, of the same number; itself when it has none."""
        ...


P = TypeVar("P", bound=Parcel)
SentP = TypeVar("SentP", bound=Parcel, contravariant=True)


@dataclass(frozen=True, slots=True)
class Refusal(Generic[P]):
    """A parcel, or a part of one, that is refused by itself."""

    parcel: P
    reason: str


class Sender(Protocol[SentP]):
    """Knows one far side. Never raises for what the far side or the way there does."""

    def send(self, parcels: Sequence[SentP]) -> Delivery: ...

    def close(self) -> None: ...


class Queue(Protocol[P]):
    """What waits on the station's disk. Raises StationFault when the disk refuses."""

    def take(self) -> Sequence[P]:
        """The oldest ones, one batch; they stay until they are settled."""
        ...

    def settle(self, taken: Sequence[P], refused: Sequence[Refusal[P]]) -> None:
        """``taken`` need not be kept any longer; what was refused goes to the dead letters. All or none."""
        ...
