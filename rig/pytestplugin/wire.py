"""What the run measures of its wire: damage in the worst seconds, and what it left unnamed."""

from __future__ import annotations

from collections.abc import Callable

from rig.pytestplugin.answers import lost_share
from rig.verdict.wire import WireCount, WireWatch
from rig.work import ingest
from rig.work.ledger import Tally


class WireMeter:
    """Measures through ``measure`` (name, value), which ends the run when a limit is passed."""

    def __init__(self, measure: Callable[[str, float], object]) -> None:
        self._measure = measure
        self._watch = WireWatch()

    def look(self, wire: ingest.WireCount) -> None:
        """Take the counts so far; measure at once when some seconds were worse than all before."""
        before = self._watch.corrupt_share, self._watch.missing_share
        self._watch.update(
            WireCount(wire.nonce_frames, wire.corrupt_frames, wire.received_bytes, wire.missing_bytes)
        )
        if (self._watch.corrupt_share, self._watch.missing_share) != before:
            self._take()

    def close(self, tally: Tally) -> None:
        """No more will come."""
        self._watch.settle()
        self._take()
        self._measure("unnamed_loss_share", lost_share(tally))

    def _take(self) -> None:
        self._measure("corrupt_frame_share", self._watch.corrupt_share)
        self._measure("lost_byte_share", self._watch.missing_share)
