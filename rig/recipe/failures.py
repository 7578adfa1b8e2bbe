"""What to tell a technician for each failure code (testplans/<product>/failures.yaml)."""

from __future__ import annotations

from enum import Enum

from pydantic import Field

from rig.datafile import Data


class Party(Enum):
    """Who a code is booked to."""

    BOARD = "board"
    STATION = "station"
    OPERATOR = "operator"


class Failure(Data):
    """One code. ``says``, ``place`` and ``action`` may hold {chip}, {before}, {domain}, {count}…"""

    says: str
    place: str = ""
    action: str
    retest: str = ""


class Failures(Data):
    failures: str
    version: int = Field(ge=1)
    codes: dict[str, Failure] = Field(min_length=1)


def party_of(code: str) -> Party:
    """Board, station (STN-…) or operator (OPR-…), by the code's prefix."""
    if code.startswith("STN-"):
        return Party.STATION
    return Party.OPERATOR if code.startswith("OPR-") else Party.BOARD
