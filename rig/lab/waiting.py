"""A place by its tags and the wait for it: a reservation with the coordinator, asked after until met."""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rig.errors import StationFault, UsageError
from rig.lab.directory import Directory, Place
from rig.lab.hold import HeldSlot, directory_at, fit_slot, given_back
from rig.lab.holders import is_withheld
from rig.lab.names import HOST, OPEN, PRODUCTION
from rig.lab.refusals import Busy, Unfit
from rig.purpose import Purpose

_LOOK_SECONDS = 1.0                 # as labgrid's own client
_AGAIN = 1.0                        # priority of who had waited before


@contextmanager
def reserved_place(
    tags: Mapping[str, str], coordinator: str | None, seconds: float, purpose: Purpose | None = None
) -> Iterator[HeldSlot]:
    """Any slot of this computer whose place has ``tags``, ours until the block ends.

    It is waited for at most ``seconds`` in the coordinator's own queue: who came first is served first.
    Raises UsageError when no place of this computer has the tags or none came free in time, Unfit when
    all of them are withheld by then, StationFault when the coordinator is not there.
    """
    directory = directory_at(coordinator)
    wanted = {HOST: socket.gethostname().lower(), **tags}
    if purpose is Purpose.TEST:
        wanted |= {PRODUCTION: OPEN}
    _demand_some(directory, tags, wanted)
    wait = _Wait(directory, wanted, purpose)
    try:
        held = wait.met_by(time.monotonic() + seconds)
        if held is None:
            raise _too_late(directory, wanted, seconds)
    except BaseException:
        with contextlib.suppress(StationFault):     # what sent us off is what people must read
            wait.give_up()
        raise
    with given_back(directory, held.place, wait.token):
        yield held


class _Wait:
    """One reservation after the other until one is met; ``token`` is the last one's."""

    def __init__(self, directory: Directory, wanted: Mapping[str, str], purpose: Purpose | None) -> None:
        self._directory, self._wanted, self._purpose = directory, wanted, purpose
        self.token: str | None = None
        self._taking: str | None = None
        self._priority = 0.0

    def met_by(self, deadline: float) -> HeldSlot | None:
        """A place acquired before ``deadline``, monotonic seconds, else None."""
        told = False
        while (held := self._look()) is None:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            if not told:
                sys.stderr.write(f"rig: waiting up to {left:.0f} s for a place with {_words(self._wanted)}\n")
                told = True
            time.sleep(min(_LOOK_SECONDS, left))
        return held

    def give_up(self) -> None:
        """Nobody waits any more; what was being taken just now is not wanted either."""
        token, self.token = self.token, None
        if self._taking is not None:
            self._directory.release(self._taking)
        if token is not None:
            self._directory.give_up(token)

    def _look(self) -> HeldSlot | None:
        """One look: the reservation kept alive, and the place taken that it was given."""
        self._directory.free_the_dead()
        found = None if self.token is None else self._directory.look_at(self.token)
        if found is None:                       # the first one, or production went before it
            found = self._directory.reserve(self._wanted, self._priority)
            self.token, self._priority = found.token, _AGAIN
        if found.place is None:
            return None
        try:
            held = fit_slot(self._directory, self._directory.place(found.place), self._purpose)
            self._taking = held.place
            self._directory.acquire(held.place)
        except Busy:
            self._taking = None
            return None
        except Unfit:                           # it is withheld now: let us be given another
            self.give_up()
            return None
        return held


def _demand_some(directory: Directory, tags: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Raises UsageError when no wait can help: nothing here has these tags, whatever its state."""
    known = directory.places().values()
    lasting = {name: value for name, value in wanted.items() if name != PRODUCTION}
    if any(_has(place, lasting) for place in known):
        return
    elsewhere = sorted({place.tags.get("station", "unknown") for place in known if _has(place, tags)})
    if elsewhere:
        raise UsageError(f"found places with {_words(tags)} at station {', '.join(elsewhere)} only, "
                         f"and this is {socket.gethostname()}; run it there")
    raise UsageError(f"found no place with {_words(tags)} at {directory.address}; rig lab status "
                     "names the places, labgrid-client places -v their tags")


def _too_late(directory: Directory, wanted: Mapping[str, str], seconds: float) -> UsageError | Unfit:
    lasting = {name: value for name, value in wanted.items() if name != PRODUCTION}
    fitting = [place for place in directory.places().values() if _has(place, lasting)]
    if all(is_withheld(place.acquired) or not _has(place, wanted) for place in fitting):
        return Unfit("; ".join(f"place {place.name} is withheld: {place.why}" for place in fitting))
    who = ", ".join(f"{place.name} ({place.acquired or 'free'})" for place in fitting)
    return UsageError(f"found no place with {_words(wanted)} free within {seconds:g} s: {who}; "
                      "wait longer, or ask for other tags")


def _has(place: Place, tags: Mapping[str, str]) -> bool:
    """Whether labgrid would take it for these tags; ``name`` is a place's own."""
    return tags.items() <= {**place.tags, "name": place.name}.items()


def _words(tags: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in tags.items())
