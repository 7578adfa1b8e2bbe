"""The recipe's levels, tried in order on a board that stays warm and powered.

The first at which nothing fails is the board's; every level's measurements are in the record, and those
of the last one tried count.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rig.board import glide
from rig.recipe import Level
from rig.slot import Phase
from rig.verdict.levels import LevelSearch, Move, Standard, moves
from rig.verdict.measurement import Outcome, latest

if TYPE_CHECKING:
    from rig.pytestplugin.board_run import Run

MOVE_SECONDS = 40.0


def try_levels(run: Run, at_level: Callable[[], object]) -> None:
    """Do ``at_level`` at the run's level, and at the next ones while a limit fails there.

    The board is at work at the run's level, the recipe's first or the one a sweep found, when this
    begins; a critical failure ends it at once.
    """
    levels = run.recipe.levels
    search = LevelSearch(levels[levels.index(run.level):])
    while (level := search.next) is not None:
        if level != run.level:
            go_to(run, level)
        before = len(run.log.measurements)
        at_level()
        failed = [
            taken.name for taken in latest(run.log.measurements[before:]) if taken.outcome is Outcome.FAIL
        ]
        search = search.tried(Standard.NONE if failed else Standard.STRICT)
        if search.next is not None:
            run.log.happened("level", f"{level.level} failed: {', '.join(failed)}; on to {search.next.level}")


def go_to(run: Run, level: Level) -> None:
    """Volts and clock of ``level`` without switching off; new work for its clock."""
    run.slot.supply.enter(Phase.RAMPING, MOVE_SECONDS)
    run.close_work()
    for move in moves(run.level, level):
        if move is Move.VOLTS:
            run.step_volts(level.volts)
        else:
            run.drive(
                f"clock to {level.mhz:g} MHz", Phase.RAMPING, MOVE_SECONDS,
                glide(run.slot, run.recipe, run.level.mhz, level.mhz),
            )
    run.stand_at(level)
    run.chain.check_clocks(level.mhz)
    run.open_work()
