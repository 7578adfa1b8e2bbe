"""Runs that the station before left: found by their slots' locks, and nothing else taken for one."""

from __future__ import annotations

import os

from rig.clock import SystemClock
from rig.station.place import Place
from rig.station.station import Station


def test_only_runs_are_adopted(place: Place) -> None:
    """Whoever else keeps runs out of a slot says nothing, and would be ended for its silence."""
    station = Station(place, SystemClock())
    run, other = place.runtime.lock("slot-slot1"), place.runtime.lock("slot-slot2")
    run.try_acquire({"run": "20260101T000000Z-ab", "serial": "S21PRO1", "pid": os.getpid()})
    other.try_acquire({"holder": "rig update", "pid": os.getpid()})

    adopted = station.crew.adopt(list(place.fixture.slots))

    station.log.close()
    run.release()
    other.release()
    assert [(one.slot, one.run_id) for one in adopted] == [("slot1", "20260101T000000Z-ab")]
