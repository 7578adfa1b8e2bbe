"""A watcher: a round now and then, told to the heartbeat file, the dashboards' spool and the webhook."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import datetime, timedelta

from rig.clock import Clock
from rig.errors import FileError, StationFault, UsageError
from rig.records.outbox.service import open_spool
from rig.watch.alarms import AlarmBook, Event, Happened
from rig.watch.heartbeat import Heartbeat, Unsent, read_heartbeat, write_heartbeat
from rig.watch.looks import MOST_SECONDS, look
from rig.watch.place import Place
from rig.watch.points import lines
from rig.watch.poster import Poster
from rig.watch.signs import Gravity, Sign

CLOSE_SECONDS = 10.0            # for the last events, when it ends


class Watcher:
    """One bench's; there is one at a time. ``told`` is given what happened, as it happens.

    Raises UsageError when another watcher is up.
    """

    def __init__(self, place: Place, clock: Clock, told: Callable[[Event], None]) -> None:
        self._place, self._clock, self._told = place, clock, told
        self._lock = place.runtime.lock("watch")
        if not self._lock.try_acquire():
            raise UsageError(
                f"a watcher of {place.fixture.fixture} is up already (process "
                f"{self._lock.holder().get('pid')}), expected none; rig watch status shows what it sees"
            )
        last, entry = self._last(), place.entry
        self._book = AlarmBook(
            entry.rounds, timedelta(hours=entry.repeat_hours), last.memories if last else None
        )
        self._alive_told = last.alive_told if last else None
        self._trouble: dict[str, str] = {}          # of telling, by the sign's name
        self._bench = {
            "station": place.fixture.station, "fixture": place.fixture.fixture, "host": socket.gethostname(),
        }
        self._poster: Poster | None = None
        if entry.webhook is not None:
            owed = last.webhook if last and last.webhook else Unsent()
            self._poster = Poster(entry.webhook, self._bench, owed, clock)

    def round(self) -> Heartbeat:
        """Look at everything, and tell what has changed."""
        signs = [*look(self._place, self._clock), *self._own_signs()]
        now = self._clock.utc()
        events = self._book.heed(signs, now)
        for event in events:
            self._told(event)
        if self._poster is not None:
            self._poster.put((*events, *self._alive(signs, now)))
        heartbeat = self._heartbeat(signs, now)
        self._tell("heartbeat file", lambda: write_heartbeat(self._place.heartbeat, heartbeat))
        self._tell("telemetry", lambda: self._spool(heartbeat))
        return heartbeat

    def close(self, last: Heartbeat | None) -> None:
        """Give the webhook what it is owed, as far as it takes it, and keep the rest. Let go of the bench."""
        if self._poster is not None:
            self._poster.close(CLOSE_SECONDS)
            if last is not None:
                kept = last.model_copy(update={"webhook": self._poster.owed()})
                self._tell("heartbeat file", lambda: write_heartbeat(self._place.heartbeat, kept))
        self._lock.release()

    def _last(self) -> Heartbeat | None:
        try:
            return read_heartbeat(self._place.heartbeat)
        except FileError:
            return None                             # the first one, or nothing that can be gone on from

    def _heartbeat(self, signs: list[Sign], now: datetime) -> Heartbeat:
        due = now + timedelta(seconds=self._place.entry.every_seconds + MOST_SECONDS)
        return Heartbeat(
            station=self._bench["station"], fixture=self._bench["fixture"], host=self._bench["host"],
            pid=os.getpid(), at=now, next_due=due, well=not any(one.alarms for one in signs),
            alive_told=self._alive_told, signs=tuple(signs), memories=self._book.memories,
            webhook=self._poster.owed() if self._poster is not None else None,
        )

    def _own_signs(self) -> list[Sign]:
        found = [
            Sign(name=name, well=name not in self._trouble, says=self._trouble.get(name, "kept"))
            for name in ("heartbeat file", *(("telemetry",) if self._place.fixture.telemetry else ()))
        ]
        return found if self._poster is None else [*found, self._poster.sign(self._clock.utc())]

    def _alive(self, signs: list[Sign], now: datetime) -> tuple[Event, ...]:
        webhook = self._place.entry.webhook
        if webhook is None or webhook.alive_seconds is None:
            return ()
        every = timedelta(seconds=webhook.alive_seconds)
        if self._alive_told is not None and timedelta(0) <= now - self._alive_told < every:
            return ()
        self._alive_told = now
        wrong = [one.name for one in signs if one.well is False]
        says = f"not well: {', '.join(wrong)}" if wrong else "all is well"
        return (Event(happened=Happened.ALIVE, at=now, name="watch", gravity=Gravity.NOTICE, says=says,
                      since=now),)

    def _tell(self, name: str, tell: Callable[[], None]) -> None:
        """A disk that refuses is a sign of the next round, and no reason to end."""
        try:
            tell()
        except StationFault as error:
            self._trouble[name] = str(error)
        else:
            self._trouble.pop(name, None)

    def _spool(self, heartbeat: Heartbeat) -> None:
        if self._place.fixture.telemetry is not None:
            spool = open_spool(self._place.results, self._place.fixture.telemetry, self._clock)
            try:
                spool.put([lines(heartbeat)])
            finally:
                spool.close()
