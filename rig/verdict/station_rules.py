"""Findings about the station: what ended the run, and a wire that spoils what the chain says.

Most faults of the station are measurements with a limit of their own (limits.yaml), taken before
the board is judged by what they spoil; they come as findings of the limits.
"""

from __future__ import annotations

from collections.abc import Iterator

from rig.verdict.codes import Code
from rig.verdict.evidence import Evidence
from rig.verdict.finding import Draft


def ending_rules(evidence: Evidence) -> Iterator[Draft]:
    """What ended the run. Faults that came after it are its consequences and its evidence."""
    ending = evidence.ending
    if ending is not None:
        later = tuple(
            f"also: {fault.code}: {fault.reason}" for fault in evidence.faults if fault is not ending
        )
        # the guard switches off at a current that fell and knows no more; a count may tell why
        fell = ending.trip and ending.code == Code.CHAIN_SHORT
        yield Draft(ending.code, (ending.reason, *later), trip=ending.trip, of_limit=fell)


def wire_rules(evidence: Evidence) -> Iterator[Draft]:
    """A port that does not echo. After a trip it says nothing."""
    if evidence.tripped:
        return
    if evidence.link_echoes is False:
        yield Draft(Code.STN_LINK, ("the fixture's loop-back gave nothing back",))
