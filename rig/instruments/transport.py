"""The second seam: lines to and from one instrument.

Two transports: ``rig.instruments.visa.VisaTransport`` (wired) and
``rig.instruments.memory.MemoryTransport`` (in the same process, in virtual time). What goes wrong
here is a ``TransportError``; it never leaves the room, the session turns it into an
``InstrumentError`` of the right role.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rig.clock import Clock


class TransportError(Exception):
    """Base of what can go wrong on the way to an instrument."""


class Silent(TransportError):
    """No whole line came in time."""


class Lost(TransportError):
    """The connection is closed, refused or broken."""


class Flooded(TransportError):
    """More came without a line end than any answer holds."""


class Interrupted(TransportError):
    """Another thread called ``interrupt``: something more urgent waits."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How a family's lines travel: what ends them, and how long it wants between two of ours."""

    write_ending: str = "\n"
    read_ending: str = "\n"                     # a CR before a newline is dropped anyway
    pace_seconds: float = 0.0


NEWLINES = Wire()


class Transport(Protocol):
    """A line-by-line way to one instrument. All methods but ``interrupt`` belong to one thread."""

    def reopen(self) -> None:
        """Drop what there is and connect afresh. Raises Lost."""
        ...

    def write(self, line: str) -> None:
        """Send one line, terminator added. Raises Lost, Silent, Interrupted."""
        ...

    def read_line(self, seconds: float) -> str:
        """One line without its terminator. Raises Silent, Lost, Flooded, Interrupted."""
        ...

    def waiting(self) -> bool:
        """Whether something has come that nobody has read. Raises Lost."""
        ...

    def interrupt(self) -> None:
        """From another thread: a pending or later call raises Interrupted until ``calm``."""
        ...

    def calm(self) -> None:
        """Forget an interrupt: what comes next is what it was for."""
        ...

    def close(self) -> None: ...


# From a VISA name (None where the transport needs none), the family's wire and a clock; opens nothing yet.
TransportOpener = Callable[[str | None, Wire, Clock], Transport]
