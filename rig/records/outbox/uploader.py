"""One queue, one far side: sent, acknowledged, forgotten; and what is done when that does not work."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Generic

from rig.clock import Clock
from rig.errors import StationFault
from rig.records.outbox.delivery import Delivery, Outcome, P, Queue, Refusal, Sender

IDLE_SECONDS = 1.0              # between two looks at an empty queue
FIRST_SECONDS, MOST_SECONDS = 0.5, 60.0         # of the growing waits while the far side is away
HELD_SECONDS = 60.0             # between two looks whether a person has mended it


class Going(Enum):
    """How a destination's traffic goes."""

    IDLE = "idle"               # nothing waits
    SENDING = "sending"
    WAITING = "waiting"         # it is away: tried again, more and more seldom
    HELD = "held"               # it does not let us in: looked at once a minute, nothing is given up
    ENDED = "ended"             # a fault of the rig's own: nothing is sent until it is started again

    @property
    def is_well(self) -> bool:
        return self in (Going.IDLE, Going.SENDING)


@dataclass(frozen=True, slots=True)
class Traffic:
    """What an uploader can say of itself. ``since``: of the present ``going``."""

    going: Going = Going.IDLE
    reason: str = ""
    since: datetime | None = None
    failures: int = 0           # tries in a row that did not work
    sent: int = 0               # parcels, since the uploader began
    last_sent: datetime | None = None


class Uploader(Generic[P]):
    """Sends what waits in ``queue``, oldest first, at least once; the far side forgets doubles.

    ``step`` does one batch and says how long to wait. It raises nothing that disk, network or far
    side do: whatever was not settled is sent again.
    """

    def __init__(
        self, queue: Queue[P], sender: Sender[P], clock: Clock, *,
        jitter: Callable[[], float] = random.random, stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._queue, self._sender, self._clock = queue, sender, clock
        self._jitter, self._stopped = jitter, stopped
        self._refused: list[Refusal[P]] = []
        self.traffic = Traffic()

    def step(self) -> float:
        """One batch. Returns the seconds to wait before the next step."""
        try:
            batch = self._queue.take()
            if not batch:
                self._now(Going.IDLE)
                return IDLE_SECONDS
            self._refused = []
            failed = self._deliver(batch)
            if failed is None:
                self._queue.settle(batch, self._refused)
        except StationFault as error:               # our own disk
            failed = Delivery(Outcome.LATER, str(error))
        if failed is not None:
            return self._wait_after(failed)
        self._now(Going.SENDING)
        now = self._clock.utc()
        self.traffic = replace(self.traffic, failures=0, sent=self.traffic.sent + len(batch), last_sent=now)
        return 0.0

    def end(self, *, by_itself: bool) -> None:
        """Let go of the far side."""
        if by_itself:
            self._now(Going.ENDED, "a fault of the rig's own; its log says which")
        self._sender.close()

    def _deliver(self, parcels: Sequence[P]) -> Delivery | None:
        """All of them, in halves where the whole is not taken; None when each was taken or refused.

        The first one that failed for another reason ends it: the batch stays as it is.
        """
        waiting = [list(parcels)]
        while waiting:
            if self._stopped():
                return Delivery(Outcome.LATER, "stopped")
            some = waiting.pop()
            answer = self._sender.send(some)
            match answer.outcome:
                case Outcome.TAKEN:
                    continue
                case Outcome.LATER | Outcome.HELD:
                    return answer
                case Outcome.REFUSED | Outcome.TOO_LARGE:
                    parts = _halves(some)
                    if parts:
                        waiting += reversed(parts)      # the older half first
                    else:
                        self._refused.append(Refusal(some[0], answer.reason))
        return None

    def _wait_after(self, failed: Delivery) -> float:
        held = failed.outcome is Outcome.HELD
        self._now(Going.HELD if held else Going.WAITING, failed.reason)
        self.traffic = replace(self.traffic, failures=self.traffic.failures + 1)
        if held:
            return HELD_SECONDS
        longest = min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** min(self.traffic.failures - 1, 16))
        return max(failed.seconds or 0.0, longest * (0.5 + 0.5 * self._jitter()))

    def _now(self, going: Going, reason: str = "") -> None:
        since = self.traffic.since if going is self.traffic.going else self._clock.utc()
        self.traffic = replace(self.traffic, going=going, reason=reason, since=since)


def _halves(parcels: list[P]) -> list[list[P]]:
    if len(parcels) == 1:
        parts = list(parcels[0].split())
        return [] if len(parts) == 1 else _halves(parts)
    middle = len(parcels) // 2
    return [parcels[:middle], parcels[middle:]]
