"""What outlives a lease: an e-stop stays in force until a named person releases it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from rig.errors import GuardError

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Latch:
    """An e-stop that was seen open. ``since`` is the wall clock's time, ISO 8601, for people."""

    reason: str
    since: str

    def said(self, slot: str) -> str:
        """Why no lease is granted, and how one will be."""
        return (
            f"{self.reason} at {self.since} and was not released; when the cause is gone close the loop by "
            f"hand, then: rig guard release {slot} --operator NAME"
        )


@dataclass(frozen=True, slots=True)
class Release:
    """A named person's word on a slot. ``volts``: what that person measured at the board, if asked for."""

    operator: str
    volts: float | None = None


def checked_operator(name: str) -> str:
    """The name as it goes to the log. Raises GuardError for one that names nobody."""
    found = name.strip()
    if not found or len(found) > LONGEST_NAME or not found.isprintable():
        raise GuardError(f"release: operator: found {name!r}, expected a name of 1 to {LONGEST_NAME} letters")
    return found
