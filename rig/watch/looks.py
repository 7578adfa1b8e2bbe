"""One round: everything that is to be looked at, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from rig.clock import Clock
from rig.watch import dates, keeping, processes
from rig.watch.place import Place
from rig.watch.signs import Sign
from rig.watchentry import Part

MOST_SECONDS = 60.0             # that a round takes when everything is as slow as it may be


def look(place: Place, clock: Clock) -> Iterator[Sign]:
    """All signs of a bench. Raises nothing that a process, a disk or a network does."""
    if Part.GUARD in place.parts:
        yield from processes.guard(place, clock)
    if Part.STATION in place.parts:
        yield from processes.station(place, clock)
    if Part.LAB in place.parts:
        yield from processes.lab(place)
    yield keeping.disk(place)
    yield from keeping.outbox(place, clock)
    yield from dates.ends(place, clock.utc().date())
