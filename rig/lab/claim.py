"""A run at the bench tells the lab that it has the slot, so that nobody in the lab's queue is sent there.

It asks nobody and waits for nothing: a coordinator that is dead, or hangs, is none of production's business.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rig.errors import StationFault
from rig.fixturefile import FixtureFile
from rig.lab.names import place_name
from rig.runtime import Runtime

_TRY_SECONDS = 0.3                  # a run that gives way gives its place back after its slot
_LATER, _MOST_TRY_SECONDS = 1.5, 10.0       # somebody may have it and not the slot, and for long
_PART_SECONDS = 2.0                 # most that a run's end waits; what is left then goes with the process


@contextmanager
def claimed(runtime: Runtime, fixture: FixtureFile, slot: str, user: str) -> Iterator[None]:
    """The slot's place is ``user``'s while the block lasts, as soon as it is free; reserved or not."""
    over = threading.Event()
    words = threading.Thread(
        target=_hold, args=(runtime, place_name(fixture, slot), user, over), name="lab", daemon=True
    )
    words.start()
    try:
        yield
    finally:
        over.set()
        words.join(_PART_SECONDS)


def _hold(runtime: Runtime, place: str, user: str, over: threading.Event) -> None:
    # gRPC takes its time to load, and the run must not wait
    from rig.lab.directory import Directory

    try:
        directory = Directory((runtime.lab / "address").read_text(), user)
        seconds = _TRY_SECONDS
        while not directory.claim(place):
            if over.wait(seconds):
                return
            seconds = min(seconds * _LATER, _MOST_TRY_SECONDS)
        over.wait()
        directory.release(place)
    except (OSError, StationFault):
        return                      # no lab now; the next `rig lab up` sees by the slot's lock who is there
