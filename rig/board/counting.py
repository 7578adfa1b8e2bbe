"""Counts of the chips between the steps of a run: cheap ones, at any volts and any temperature."""

from __future__ import annotations

from dataclasses import dataclass

from rig.bm13xx.models import ChipModel
from rig.bm13xx.registers import Register
from rig.board.bring_up import FAST_SILENCE_SECONDS, discover
from rig.board.commanding import Commander
from rig.board.discovery import Discovery, enumerate_chain
from rig.board.work_stream import WorkStream
from rig.recipe import Product
from rig.slot import Slot

STREAM_SECONDS = 1.5            # replies come between answers; a full chain's take a few milliseconds
STREAM_TRIES = 6                # on a wire that damages a reply in a hundred or more


def count_after_reset(slot: Slot, product: Product, model: ChipModel) -> Discovery:
    """Reset the chain and count at the boot baud, as a bring-up begins. All it was told is lost.

    Needs the idle clock's volts. Raises LinkError and what ``side`` raises.
    """
    return discover(slot, Commander(slot), product, model, expected=product.chips)


def count_again(slot: Slot, product: Product, model: ChipModel) -> Discovery:
    """Count a configured chain that does not hash, at its working baud; it stays as it is.

    Raises LinkError.
    """
    commander = Commander(slot)
    discovery = Discovery(product.chips, model.chip_id, ())
    while not discovery.settled():
        discovery = discovery.plus(
            enumerate_chain(
                slot, commander, model, baud=product.chain_baud,
                silence_seconds=FAST_SILENCE_SECONDS, expected=product.chips,
            )
        )
    return discovery


@dataclass(frozen=True, slots=True)
class StreamCount:
    """A count while the chips hash. ``addresses``: those that answered, in rising order."""

    addresses: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.addresses)


def count_at_work(stream: WorkStream, product: Product, *, seconds: float = STREAM_SECONDS) -> StreamCount:
    """Ask every chip for its id without stopping the work, at most ``seconds`` a try.

    A short try is made once more, and again while the wire spoils them; what any of them heard
    counts: who is missing at the end kept silent every time. Raises LinkError.
    """
    heard: set[int] = set()
    for tried in range(STREAM_TRIES):
        before = stream.wire.skipped_bytes
        heard |= stream.ask(Register.CHIP_ID, seconds=seconds).keys()
        if len(heard) >= product.chips or (tried and stream.wire.skipped_bytes == before):
            break
    return StreamCount(tuple(sorted(heard)))
