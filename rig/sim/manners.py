"""How an instrument answers when it is not well: late, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rig.sim.effects import Part
from rig.sim.fixture import SimSlot
from rig.sim.scpi import Answer


class Manners:
    """Stands before an instrument of ``slot`` and has its ``handle``, spoilt as the faults say.

    One that hangs takes what it is sent and does nothing with it.
    """

    def __init__(self, slot: SimSlot, part: Part, handle: Callable[[str, float], Answer | None]) -> None:
        self._slot, self._part, self._handle = slot, part, handle

    def handle(self, message: str, now: float) -> Answer | None:
        board = self._slot.board
        if board is None:
            return self._handle(message, now)
        effects = board.effects
        if self._part is Part.SUPPLY and effects.supply_hangs:
            return None
        answer = self._handle(message, now)
        late = effects.late_seconds.get(self._part, 0.0)
        return answer if answer is None or not late else replace(answer, at=answer.at + late)
