"""The five verdicts in their order, and the exit code each ends with."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, IntEnum
from functools import total_ordering

from rig.recipe.failures import Party


@total_ordering
class Verdict(Enum):
    """How a run ended, mildest first. The value is the spelling in records."""

    PASS = "PASS"
    MARGINAL = "MARGINAL"
    FAIL = "FAIL"
    ABORTED = "ABORTED"
    STATION_FAULT = "STATION_FAULT"

    def __lt__(self, other: Verdict) -> bool:
        order = tuple(Verdict)
        return order.index(self) < order.index(other)


class ExitCode(IntEnum):
    """What ``rig run`` and pytest on a plan exit with."""

    SHIPPABLE = 0
    BOARD_FAILED = 1
    USAGE = 2
    STATION_FAULT = 3
    ABORTED = 4


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of them wins; PASS when there is none."""
    return max(verdicts, default=Verdict.PASS)


def severity_of(party: Party) -> Verdict:
    """How bad a finding is when it is booked to ``party``."""
    return {
        Party.BOARD: Verdict.FAIL,
        Party.STATION: Verdict.STATION_FAULT,
        Party.OPERATOR: Verdict.ABORTED,
    }[party]


def exit_code(verdict: Verdict, *, ship_marginal: bool) -> ExitCode:
    """The exit code of a run with this verdict; the recipe says whether MARGINAL ships."""
    if verdict is Verdict.MARGINAL:
        return ExitCode.SHIPPABLE if ship_marginal else ExitCode.BOARD_FAILED
    return {
        Verdict.PASS: ExitCode.SHIPPABLE,
        Verdict.FAIL: ExitCode.BOARD_FAILED,
        Verdict.ABORTED: ExitCode.ABORTED,
        Verdict.STATION_FAULT: ExitCode.STATION_FAULT,
    }[verdict]
