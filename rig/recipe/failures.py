"""What to tell a technician for each failure code (testplans/<product>/failures.yaml)."""

from __future__ import annotations

import re
from enum import Enum

from pydantic import Field, field_validator

from rig.datafile import Data
from rig.recipe.retests import Again, Retests

# What diagnosis can fill in. Chips, domains and sensors count from 0, host side first.
PLACEHOLDERS = frozenset({
    "reason",                                   # what was seen, always known
    "slot", "serial", "chips",                  # always known
    "chip", "domain", "sensor",                 # the place, where there is one
    "before", "border",                         # chip before a joint; ", the border of domains …" or nothing
    "count", "counts", "expected",              # chips found
    "cores", "rate", "id", "found",
    "value", "unit", "limit",                   # of a measurement outside its limit
})


class Party(Enum):
    """Who a code is booked to."""

    BOARD = "board"
    STATION = "station"
    OPERATOR = "operator"


class Failure(Data):
    """One code. The texts may hold {chip}, {before}, {domain}, {reason}… of PLACEHOLDERS.

    ``causes`` are the probable ones, likeliest first. ``retest`` is for people; ``again`` is the rule
    for a code that proves little, without one a board's failure is proved.
    """

    says: str
    place: str = ""
    causes: tuple[str, ...] = ()
    action: str
    retest: str = ""
    again: Again | None = None

    @field_validator("says", "place", "action", "retest")
    @classmethod
    def _known_placeholders(cls, text: str) -> str:
        outside = re.sub(r"\{([a-z_]+)\}", "", text)
        unknown = sorted(set(re.findall(r"\{([a-z_]+)\}", text)) - PLACEHOLDERS)
        if unknown or "{" in outside or "}" in outside:
            raise ValueError(f"only the placeholders {', '.join(sorted(PLACEHOLDERS))} in braces")
        return text


class Failures(Data):
    failures: str
    version: int = Field(ge=1)
    retests: Retests = Retests()
    codes: dict[str, Failure] = Field(min_length=1)


def party_of(code: str) -> Party:
    """Board, station (STN-…) or operator (OPR-…), by the code's prefix."""
    if code.startswith("STN-"):
        return Party.STATION
    return Party.OPERATOR if code.startswith("OPR-") else Party.BOARD
