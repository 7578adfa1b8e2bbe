"""The disk of the results, the station's store, and what waits on its way out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from rig.clock import Clock
from rig.errors import StationFault
from rig.records import STORE_FILE
from rig.records.outbox.service import LOCK_FILE, status
from rig.records.outbox.status import DestinationStatus
from rig.runtime import RoleLock
from rig.watch.place import Place
from rig.watch.signs import Sign
from rig.watchentry import Part

GIB = 1 << 30
WELL_AGAIN = 1.25               # times the least: a disk at its bound must not ring all day


def disk(place: Place) -> Sign:
    """What is free for results."""
    least = place.entry.least_free_gib
    try:
        free = shutil.disk_usage(place.results).free / GIB
    except OSError as error:
        return Sign(name="disk", well=False, says=f"{place.results}: {error.strerror or error}")
    well = None if least <= free < WELL_AGAIN * least else free >= least
    return Sign(name="disk", well=well, says=f"{free:.1f} GiB free, at least {least:g} wanted",
                figures={"free_gib": free})


def outbox(place: Place, clock: Clock) -> Iterator[Sign]:
    """The store can be used, somebody sends, and each destination takes what it is sent."""
    if not (place.results / STORE_FILE).is_file():
        yield Sign(name="store", well=True, says="nothing kept yet")
        yield from _sender(place, RoleLock(place.results / LOCK_FILE).held_by() is not None)
        return
    try:
        found = status(place.results, place.ways, clock)
    except (StationFault, OSError) as error:
        yield Sign(name="store", well=False, says=str(error))
        return
    yield Sign(name="store", well=True, says="can be written")
    yield from _sender(place, found.running)
    yield from (_destination(one) for one in found.destinations if one.address)


def _sender(place: Place, running: bool) -> Iterator[Sign]:
    if Part.OUTBOX in place.parts:
        says = "sends" if running else "nobody sends: start rig outbox run"
        yield Sign(name="outbox", well=running, says=says)


def _destination(one: DestinationStatus) -> Sign:
    alarms = tuple(one.alarms())
    return Sign(
        name=f"outbox {one.name}", well=not alarms, says="; ".join(alarms) or f"{one.depth} wait",
        figures={"waiting": float(one.depth), "oldest_seconds": one.oldest_seconds or 0.0,
                 "dead_letters": float(one.dead_letters), "dropped": float(one.dropped)},
    )
