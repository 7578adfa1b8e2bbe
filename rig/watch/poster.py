"""The thread that posts: whatever its receiver does, the watcher's rounds go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from rig.clock import Clock
from rig.records.outbox.uploader import Uploader
from rig.watch.alarms import Event
from rig.watch.heartbeat import Unsent
from rig.watch.signs import Sign
from rig.watch.webhook import EventQueue, Parcel, WebhookSender
from rig.watchentry import WebhookEntry

LATE = timedelta(minutes=10)        # that an event may wait before the webhook itself is not well


class Poster:
    """``put`` and ``sign`` return at once. ``owed``: what the last watcher left."""

    def __init__(self, entry: WebhookEntry, bench: Mapping[str, str], owed: Unsent, clock: Clock) -> None:
        self._queue, self._host = EventQueue(owed), entry.host
        self._stop, self._news = threading.Event(), threading.Event()
        self._uploader: Uploader[Parcel] = Uploader(
            self._queue, WebhookSender(entry, bench), clock, stopped=self._stop.is_set
        )
        self._tries = threading.Condition()
        self._put, self._tried = 1, 0           # how often there was news, and of how much something became
        # a daemon: a receiver that does not answer must not keep the process from ending
        self._thread = threading.Thread(target=self._post, name="webhook", daemon=True)
        self._thread.start()

    def put(self, events: tuple[Event, ...]) -> None:
        if events:
            self._queue.put(events)
            with self._tries:
                self._put += 1
            self._news.set()

    def sign(self, now: datetime) -> Sign:
        """Whether it is told what it is owed."""
        traffic, owed = self._uploader.traffic, self._queue.owed()
        late = any(now - event.at > LATE for event in owed.waiting)
        waiting = f"{len(owed.waiting)} events wait for {self._host}"
        says = waiting if traffic.going.is_well else traffic.reason
        return Sign(name="webhook", well=traffic.going.is_well and not late, says=says,
                    figures={"waiting": float(len(owed.waiting)), "dropped": float(owed.dropped),
                             "refused": float(owed.refused)})

    def owed(self) -> Unsent:
        traffic = self._uploader.traffic
        return self._queue.owed(traffic.going.value, traffic.reason)

    def close(self, seconds: float) -> None:
        """One more try for what waits; what is left stays owed. Twice ``seconds`` at most."""
        with self._tries:
            self._tries.wait_for(lambda: self._tried == self._put, seconds)
        self._stop.set()
        self._news.set()
        self._thread.join(seconds)              # what is on its way is taken or not: then it is known

    def _post(self) -> None:
        while not self._stop.is_set():
            self._news.clear()
            with self._tries:
                begun = self._put
            wait = self._uploader.step()
            if wait:                            # nothing more, or not now
                with self._tries:
                    self._tried = begun
                    self._tries.notify_all()
                self._rest(wait)

    def _rest(self, seconds: float) -> None:
        """Until there is news; a receiver that is away is not asked more often because of it."""
        idle = self._uploader.traffic.going.is_well
        waiter: Callable[[float], bool] = self._news.wait if idle else self._stop.wait
        waiter(seconds)
