"""How the way out stands: what waits where, since when, and what a person must do about it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol

from rig.records.outbox.results import DeadLetter, Depth
from rig.records.outbox.uploader import Going, Traffic
from rig.records.plain import plain

OLD_SECONDS = 3600.0            # that a result has waited
FULL_SHARE = 0.8                # of the spool: told well before anything is dropped
LEAST_FREE_BYTES = 1 << 30      # on the disk of the results


class Waiting(Protocol):
    """A queue, as far as it is looked at."""

    def depth(self) -> Depth: ...

    def dead_letters(self) -> list[DeadLetter]: ...


class Bounded(Waiting, Protocol):
    """One that drops its oldest when it is full."""

    @property
    def most_bytes(self) -> int: ...

    def dropped(self) -> int: ...


@dataclass(frozen=True, slots=True)
class DestinationStatus:
    """One queue and its far side. ``depth``: runs and repairs, or lines; sizes in bytes."""

    name: str
    address: str
    traffic: Traffic | None                 # None: nobody sends
    depth: int
    size: int
    oldest_seconds: float | None
    dead_letters: int
    most_bytes: int | None = None           # None: never dropped
    dropped: int = 0
    is_durable: bool = True

    @classmethod
    def of(
        cls, name: str, address: str, queue: Waiting, traffic: Traffic | None, now: datetime,
        bounded: Bounded | None = None, *, is_durable: bool = True,
    ) -> DestinationStatus:
        """Look at a queue; ``bounded`` is the same one, if it may drop. Raises StationFault."""
        depth = queue.depth()
        age = None if depth.oldest is None else max(0.0, (now - depth.oldest).total_seconds())
        return cls(
            name, address, traffic, depth.rows, depth.size, age, len(queue.dead_letters()),
            None if bounded is None else bounded.most_bytes, 0 if bounded is None else bounded.dropped(),
            is_durable,
        )

    def alarms(self) -> Iterator[str]:
        """What somebody must look at, one sentence each."""
        if self.traffic is not None and self.traffic.going is Going.HELD:
            yield f"{self.name}: held until it is mended: {self.traffic.reason}"
        if self.traffic is not None and self.traffic.going is Going.ENDED:
            yield f"{self.name}: nothing is sent: {self.traffic.reason}"
        if self.dead_letters:
            yield (f"{self.name}: {self.dead_letters} dead letters were refused; see why, mend it, then "
                   "`rig outbox retry`")
        if self.most_bytes is None and (self.oldest_seconds or 0) > OLD_SECONDS:
            yield f"{self.name}: results wait since {(self.oldest_seconds or 0) / 3600:.1f} h"
        if self.most_bytes is not None and self.size > FULL_SHARE * self.most_bytes:
            yield (f"{self.name}: {self.size / self.most_bytes:.0%} of the spool are full; at 100 % the "
                   "oldest lines are dropped")
        if self.dropped:
            yield f"{self.name}: {self.dropped} lines were dropped so far"


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """The whole way out. ``running``: a process sends."""

    running: bool
    free_bytes: int
    destinations: tuple[DestinationStatus, ...]

    @classmethod
    def of(
        cls, results: str, destinations: Sequence[DestinationStatus], *, running: bool
    ) -> OutboxStatus:
        return cls(running, shutil.disk_usage(results).free, tuple(destinations))

    @property
    def alarms(self) -> tuple[str, ...]:
        found = [alarm for one in self.destinations for alarm in one.alarms()]
        if self.free_bytes < LEAST_FREE_BYTES:
            found.append(f"the disk of the results has {self.free_bytes / 2**20:.0f} MiB left")
        return tuple(found)

    def line(self) -> str:
        """One JSON object."""
        return json.dumps(plain(_members(self) | {"alarms": self.alarms}))


def _members(status: OutboxStatus) -> dict[str, Any]:
    return asdict(status)
