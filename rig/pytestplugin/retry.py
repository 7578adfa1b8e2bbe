"""A group of steps done again when the board failed it: every attempt is kept, no error is hidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rig.pytestplugin.powered_run import BoardStopped
from rig.verdict.measurement import Outcome, latest

if TYPE_CHECKING:
    from rig.pytestplugin.powered_run import PoweredRun


def retry(run: PoweredRun, group: Callable[[], object], *, attempts: int, power_cycle: bool) -> bool:
    """Do ``group`` until all it measures holds, at most ``attempts`` times; whether it did at last.

    Only a failed limit is tried again, a critical one too; whatever else leaves the group leaves this
    at once. The last attempt's critical failure stops the board as it would have without. With
    ``power_cycle`` the board is switched off, discharged and given its first volts before each attempt
    but the first, so the group must begin there. Raises ValueError for less than one attempt.
    """
    if attempts < 1:
        raise ValueError(f"attempts: found {attempts}, expected 1 or more")
    for attempt in range(1, attempts + 1):
        before = len(run.log.measurements)
        try:
            group()
        except BoardStopped as stopped:
            if attempt == attempts:
                raise
            failed = [str(stopped)]
        else:
            failed = [
                taken.name for taken in latest(run.log.measurements[before:]) if taken.outcome is Outcome.FAIL
            ]
        if not failed:
            return True
        if attempt < attempts:
            run.log.happened("retry", f"attempt {attempt} of {attempts} failed: {', '.join(failed)}")
            if power_cycle:
                run.cycle_power()
    return False
