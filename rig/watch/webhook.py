"""Telling a webhook: a bounded queue, and one POST of JSON for what waits. No redirection is followed."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from rig.errors import UsageError
from rig.records.outbox.delivery import TAKEN, Delivery, Outcome, Refusal
from rig.watch.alarms import Event, Happened
from rig.watch.heartbeat import Unsent
from rig.watchentry import WebhookEntry

MOST_WAITING: Final = 200       # events; of more the oldest are dropped, and counted
MOST_AT_ONCE: Final = 50
MOST_WAIT_SECONDS: Final = 3600.0
_REFUSED, _TOO_LARGE, _BUSY = (400, 422), 413, (408, 429)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event on its way."""

    number: int
    event: Event

    def split(self) -> Sequence[Self]:
        return (self,)


class EventQueue:
    """What the webhook is owed, in memory; the heartbeat file keeps it. Safe for several threads."""

    def __init__(self, owed: Unsent) -> None:
        self._lock = threading.Lock()
        self._dropped, self._refused = owed.dropped, owed.refused
        self._parcels = [Parcel(number, event) for number, event in enumerate(owed.waiting)]
        self._next = len(self._parcels)

    def put(self, events: Sequence[Event]) -> None:
        """Of words that the watcher is alive only the newest is kept."""
        with self._lock:
            if any(event.happened is Happened.ALIVE for event in events):
                self._parcels = [one for one in self._parcels if one.event.happened is not Happened.ALIVE]
            for event in events:
                self._parcels.append(Parcel(self._next, event))
                self._next += 1
            over = max(0, len(self._parcels) - MOST_WAITING)
            self._dropped += over
            del self._parcels[:over]

    def take(self) -> Sequence[Parcel]:
        with self._lock:
            return tuple(self._parcels[:MOST_AT_ONCE])

    def settle(self, taken: Sequence[Parcel], refused: Sequence[Refusal[Parcel]]) -> None:
        """What was refused is counted and gone: nobody could tell it better later."""
        done = {one.number for one in taken}
        with self._lock:
            self._parcels = [one for one in self._parcels if one.number not in done]
            self._refused += len(refused)

    def owed(self, going: str = "", reason: str = "") -> Unsent:
        """As it stands, to be kept."""
        with self._lock:
            return Unsent(
                waiting=tuple(one.event for one in self._parcels), dropped=self._dropped,
                refused=self._refused, going=going, reason=reason,
            )


class WebhookSender:
    """Posts events. ``bench``: station, fixture and host, which stand in every message."""

    def __init__(self, entry: WebhookEntry, bench: Mapping[str, str]) -> None:
        self._entry, self._bench = entry, dict(bench)

    def send(self, parcels: Sequence[Parcel]) -> Delivery:
        import httpx

        events = [one.event for one in parcels]
        try:
            secret = self._entry.secret()
        except UsageError as error:                 # the secret is not where it should be
            return Delivery(Outcome.HELD, str(error))
        headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
        try:
            with (
                httpx.Client(timeout=self._entry.timeout_seconds, trust_env=False) as client,
                client.stream("POST", self._entry.url, json=self._message(events), headers=headers) as answer,
            ):
                status, wait = answer.status_code, answer.headers.get("Retry-After", "")
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeEncodeError) as error:
            return Delivery(Outcome.LATER, f"{self._entry.host}: {type(error).__name__}")
        return self._delivery(status, wait)

    def close(self) -> None:
        """Nothing is held between two messages."""

    def _message(self, events: Sequence[Event]) -> dict[str, object]:
        """``text``: what a chat's webhook shows."""
        return {
            "schema_version": 1, **self._bench, "text": "\n".join(self._line(event) for event in events),
            "events": [event.model_dump(mode="json") for event in events],
        }

    def _line(self, event: Event) -> str:
        bench = f"{self._bench['station']} {self._bench['fixture']}"
        return f"{bench}: {event.name} {event.happened.value}: {event.says}"

    def _delivery(self, status: int, wait: str) -> Delivery:
        if 200 <= status < 300:
            return TAKEN
        if status == _TOO_LARGE:
            outcome = Outcome.TOO_LARGE
        elif status in _REFUSED:
            outcome = Outcome.REFUSED
        elif status < 500 and status not in _BUSY:
            outcome = Outcome.HELD                  # moved, token, no such hook
        else:
            outcome = Outcome.LATER
        seconds = min(float(wait), MOST_WAIT_SECONDS) if wait.isascii() and wait.isdigit() else None
        return Delivery(outcome, f"{self._entry.host}: found {status}", seconds)
