"""Burn-in: the board works at its level and temperature, and every answer is booked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rig.board.keeper import WarmthKeeper
from rig.board.work_stream import WorkStream
from rig.slot import Slot
from rig.work.ingest import WireCount
from rig.work.ledger import Ledger, Tally


@dataclass(frozen=True, slots=True)
class BurnInTick:
    """State after one round; ``seconds`` since the first booked job. Tally and wire are cumulative.

    ``celsius`` of each sensor is at most a second old.
    """

    seconds: float
    tally: Tally
    wire: WireCount
    celsius: tuple[float | None, ...]
    hottest: float | None
    fan_share: float


def burn_in(
    slot: Slot, stream: WorkStream, ledger: Ledger, keeper: WarmthKeeper
) -> Iterator[BurnInTick]:
    """Ticks about every fifth of a second, without end: whoever drives it closes it.

    Holds the soak temperature on the way. Raises what ``WarmthKeeper.hold`` raises.
    """
    stream.book(ledger)
    started = slot.clock.now()
    while True:
        warmth = keeper.hold()
        now = slot.clock.now()
        yield BurnInTick(
            seconds=now - started,
            tally=ledger.tally(now),
            wire=stream.wire,
            celsius=warmth.celsius,
            hottest=warmth.hottest,
            fan_share=warmth.fan_share,
        )
