"""When something that is not well rings, and when it is over: told when it changes, and seldom in between.

A thing that is wrong for some rounds in a row rings, one that is well for as many is over; what rings
already is told again after some hours, and at once when it gets graver.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum

from pydantic import AwareDatetime, Field

from rig.datafile import Data
from rig.watch.signs import Gravity, Sign

NOTICE_AGAIN = timedelta(days=7)        # what asks for a person in the coming days is no daily matter


class Happened(Enum):
    """What is told."""

    RAISED = "raised"
    REPEATED = "repeated"       # it is still so
    CLEARED = "cleared"
    ALIVE = "alive"             # the watcher itself


class Event(Data):
    """One thing told. ``id`` stays the same when it is sent again; ``since``: of the alarm."""

    id: str = Field(default_factory=lambda: secrets.token_hex(8))
    happened: Happened
    at: AwareDatetime
    name: str
    gravity: Gravity
    says: str
    since: AwareDatetime


class Ringing(Data):
    """An alarm, and when it was told last."""

    gravity: Gravity
    says: str
    since: AwareDatetime
    told: AwareDatetime


class Memory(Data):
    """What is remembered of one sign: ``rounds`` in a row against what is told so far."""

    rounds: int = 0
    ringing: Ringing | None = None


class AlarmBook:
    """Pure. ``memories`` by the signs' names, as the last watcher left them.

    Intervals are counted by the time of day: they span processes and restarts of the computer. A clock
    that was set back tells an alarm once too often.
    """

    def __init__(
        self, rounds: int, repeat: timedelta, memories: Mapping[str, Memory] | None = None
    ) -> None:
        self._rounds, self._repeat = rounds, repeat
        self.memories: dict[str, Memory] = dict(memories or {})

    @property
    def ringing(self) -> dict[str, Ringing]:
        return {name: one.ringing for name, one in self.memories.items() if one.ringing is not None}

    def heed(self, signs: Iterable[Sign], now: datetime) -> tuple[Event, ...]:
        """One round's signs; what is to be told of them. A sign that is gone is over."""
        events: list[Event] = []
        before, self.memories = self.memories, {}
        for sign in signs:
            memory = before.get(sign.name, Memory())
            self.memories[sign.name], told = self._heeded(sign, memory, now)
            events += told
        for name in before.keys() - self.memories.keys():
            events += _over(name, before[name].ringing, "no longer watched", now)
        return tuple(events)

    def _heeded(self, sign: Sign, memory: Memory, now: datetime) -> tuple[Memory, Iterable[Event]]:
        ringing = memory.ringing
        if sign.well is None:
            return memory, ()
        if sign.well is (ringing is None):                      # as it was told
            return self._same(sign, ringing, now)
        if memory.rounds + 1 < self._rounds:
            return Memory(rounds=memory.rounds + 1, ringing=ringing), ()
        if ringing is not None:
            return Memory(), _over(sign.name, ringing, sign.says, now)
        fresh = Ringing(gravity=sign.gravity, says=sign.says, since=now, told=now)
        return Memory(ringing=fresh), [_event(Happened.RAISED, sign.name, fresh, now)]

    def _same(self, sign: Sign, ringing: Ringing | None, now: datetime) -> tuple[Memory, Iterable[Event]]:
        if ringing is None:
            return Memory(), ()
        graver = ringing.gravity is Gravity.NOTICE and sign.gravity is Gravity.ALARM
        repeat = self._repeat if sign.gravity is Gravity.ALARM else max(self._repeat, NOTICE_AGAIN)
        due = not timedelta(0) <= now - ringing.told < repeat
        fresh = Ringing(gravity=sign.gravity, says=sign.says, since=ringing.since,
                        told=now if graver or due else ringing.told)
        if not graver and not due:
            return Memory(ringing=fresh), ()
        happened = Happened.RAISED if graver else Happened.REPEATED
        return Memory(ringing=fresh), [_event(happened, sign.name, fresh, now)]


def _over(name: str, ringing: Ringing | None, says: str, now: datetime) -> Iterator[Event]:
    if ringing is not None:
        yield _event(Happened.CLEARED, name, ringing.model_copy(update={"says": says}), now)


def _event(happened: Happened, name: str, ringing: Ringing, now: datetime) -> Event:
    return Event(happened=happened, at=now, name=name, gravity=ringing.gravity, says=ringing.says,
                 since=ringing.since)
