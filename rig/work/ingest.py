"""One board's bytes from the wire to its ledger: decoded, verified, booked, and the wire's own count.

The object does no reading of its own, so one loop can feed as many boards as it likes; blocks of
20 to 100 ms keep the cost of a call small beside that of its answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rig.bm13xx.models import ChipModel
from rig.bm13xx.replies import ReplyBlock, ReplyDecoder
from rig.work.damage import extent
from rig.work.ledger import Ledger


@dataclass(frozen=True, slots=True)
class WireCount:
    """What came over the wire since the stream was opened.

    ``bad_crc`` frames were refused for their checksum; ``skipped_bytes`` belonged to no sound frame,
    theirs included: they stand for ``corrupt_frames``, whole in length, and for frames that
    ``missing_bytes`` were lost of. ``silent_seconds``: since the last byte.
    """

    received_bytes: int = 0
    nonce_frames: int = 0
    register_frames: int = 0
    bad_crc: int = 0
    skipped_bytes: int = 0
    corrupt_frames: int = 0
    missing_bytes: int = 0
    silent_seconds: float = 0.0

    def plus(self, data: bytes, block: ReplyBlock) -> WireCount:
        """With one more block."""
        extents = [extent(piece) for piece in block.damaged]
        return WireCount(
            received_bytes=self.received_bytes + len(data),
            nonce_frames=self.nonce_frames + len(block.nonces),
            register_frames=self.register_frames + len(block.registers),
            bad_crc=self.bad_crc + block.bad_crc,
            skipped_bytes=self.skipped_bytes + block.skipped,
            corrupt_frames=self.corrupt_frames + sum(one.corrupt for one in extents),
            missing_bytes=self.missing_bytes + sum(one.missing for one in extents),
        )


class Ingest:
    """Takes what a board sends. Answers are counted and thrown away while there is no ``ledger``."""

    def __init__(self, model: ChipModel, now: float, ledger: Ledger | None = None) -> None:
        self.ledger = ledger
        self._decoder = ReplyDecoder(model)
        self._wire = WireCount()
        self._heard_at = now

    def feed(self, data: bytes, now: float) -> ReplyBlock | None:
        """Take the bytes that were read at ``now``, seconds of the ledger's clock.

        Returns what they completed, register replies among it; None when there were no bytes.
        """
        if not data:
            return None
        block = self._decoder.feed(data)
        self._heard_at = now
        self._wire = self._wire.plus(data, block)
        if self.ledger is not None:
            self.ledger.take(block.nonces, now, block.damaged)
        return block

    def wire(self, now: float) -> WireCount:
        """The wire's count as of ``now``."""
        return replace(self._wire, silent_seconds=now - self._heard_at)

    def restart_silence(self, now: float) -> None:
        """What is silence counts from ``now``: the board has just been set to work."""
        self._heard_at = now
