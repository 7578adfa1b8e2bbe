"""What a product's boards may have of runs and repairs before quality looks at them (failures.yaml)."""

from __future__ import annotations

from enum import Enum

from pydantic import Field

from rig.datafile import Data


class Then(Enum):
    """What becomes of a board whose doubt the runs did not settle."""

    REPAIR = "repair"
    QUARANTINE = "quarantine"


class Again(Data):
    """How often a result that proves little is tried again before ``then``."""

    most: int = Field(ge=0, le=20)
    other_slot: bool = False
    then: Then = Then.QUARANTINE


class Retests(Data):
    """Of every board of a product. A code's own ``again`` stands before ``station``.

    The defaults are those of practice: one run more for a doubtful result, two repairs, two passes
    in a row after one; every run at work is a thermal cycle, hence ``most_runs``.
    """

    marginal: Again = Again(most=1, other_slot=True)    # a MARGINAL that the recipe does not ship
    station: Again = Again(most=2, other_slot=True)     # the station failed: the board is not to blame
    most_repairs: int = Field(default=2, ge=0, le=20)
    passes_after_failure: int = Field(default=2, ge=1, le=20)
    most_runs: int = Field(default=10, ge=1, le=100)    # that judge it, until it ships or is released
    same_code_in_a_row: int = Field(default=3, ge=2, le=50)     # boards on one slot: it is suspect
