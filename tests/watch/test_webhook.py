"""What a webhook is told, and what is done when it is away, full, deaf or will not have us."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from proofs.servers import eventually, free_port
from rig.clock import SystemClock
from rig.records.outbox import uploader
from rig.records.outbox.delivery import Outcome
from rig.watch.alarms import Event, Happened
from rig.watch.heartbeat import Unsent
from rig.watch.poster import Poster
from rig.watch.signs import Gravity
from rig.watch.webhook import MOST_WAITING, EventQueue, WebhookSender
from rig.watchentry import WebhookEntry
from tests.watch.conftest import Receiver

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BENCH = {"station": "line-2-b", "fixture": "bench-b", "host": "station2"}


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDLE_SECONDS", "FIRST_SECONDS", "MOST_SECONDS", "HELD_SECONDS"):
        monkeypatch.setattr(uploader, name, 0.03)


def event(name: str = "guard", happened: Happened = Happened.RAISED) -> Event:
    return Event(
        happened=happened, at=NOW, name=name, gravity=Gravity.ALARM, says="found no guard", since=NOW,
    )


def test_a_message_says_where_what_and_since_when(receiver: Receiver) -> None:
    queue = EventQueue(Unsent())
    queue.put([event()])

    delivery = WebhookSender(WebhookEntry(url=receiver.url), BENCH).send(queue.take())

    assert delivery.outcome is Outcome.TAKEN
    (message,) = receiver.messages
    assert message.items() >= {"schema_version": 1, **BENCH}.items()
    assert message["text"] == "line-2-b bench-b: guard raised: found no guard"
    assert message["events"] == [event().model_dump(mode="json") | {"id": message["events"][0]["id"]}]
    assert receiver.tokens == [None]


def test_the_secret_goes_in_the_head_and_nowhere_else(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RIG_HOOK", "s3cret")
    sender = WebhookSender(WebhookEntry(url=receiver.url, secret_env="RIG_HOOK"), BENCH)
    queue = EventQueue(Unsent())
    queue.put([event()])
    receiver.statuses.append(403)

    refused, taken = sender.send(queue.take()), sender.send(queue.take())

    assert (refused.outcome, taken.outcome) == (Outcome.HELD, Outcome.TAKEN)
    assert receiver.tokens == ["Bearer s3cret"]
    assert "s3cret" not in f"{refused.reason}{receiver.messages}"
    assert "/hook" not in refused.reason                    # a path may be a secret, too
    monkeypatch.delenv("RIG_HOOK")
    assert sender.send(queue.take()).outcome is Outcome.HELD


def test_all_that_waits_comes_after_an_outage_in_order_and_once(receiver: Receiver) -> None:
    receiver.statuses.extend([503, 429, 500])
    poster = Poster(WebhookEntry(url=receiver.url), BENCH, Unsent(waiting=(event("before"),)), SystemClock())

    poster.put((event("guard"), event("disk")))

    assert eventually(lambda: len(receiver.events) == 3)
    assert [name for name, _ in receiver.events] == ["before", "guard", "disk"]
    poster.close(5)
    assert poster.owed().waiting == ()


def test_a_receiver_that_is_away_costs_the_watcher_nothing() -> None:
    entry = WebhookEntry(url=f"http://127.0.0.1:{free_port()}/hook")
    poster = Poster(entry, BENCH, Unsent(), SystemClock())

    began = time.monotonic()
    poster.put(tuple(event(f"sign {number}") for number in range(10)))
    assert time.monotonic() - began < 0.5

    assert eventually(lambda: poster.sign(NOW).well is False)
    assert "ConnectError" in poster.sign(NOW).says
    poster.close(5)
    assert len(poster.owed().waiting) == 10


def test_a_receiver_that_never_answers_is_let_go_of(receiver: Receiver) -> None:
    receiver.silent.set()
    poster = Poster(WebhookEntry(url=receiver.url, timeout_seconds=0.2), BENCH, Unsent(), SystemClock())
    poster.put((event(),))

    assert eventually(lambda: "ReadTimeout" in poster.sign(NOW).says)

    receiver.silent.clear()
    assert eventually(lambda: receiver.events == [("guard", "raised")])
    poster.close(5)


def test_what_is_refused_holds_up_nothing(receiver: Receiver) -> None:
    receiver.statuses.extend([400, 400])                    # the batch, and its first half
    poster = Poster(WebhookEntry(url=receiver.url), BENCH, Unsent(
        waiting=(event("bad"), event("good"))), SystemClock())

    assert eventually(lambda: receiver.events == [("good", "raised")])
    poster.close(5)
    assert (poster.owed().refused, poster.owed().waiting) == (1, ())


def test_the_queue_is_bounded_and_keeps_the_newest() -> None:
    queue = EventQueue(Unsent(dropped=2))

    queue.put([event(str(number)) for number in range(MOST_WAITING + 5)])

    owed = queue.owed()
    assert (len(owed.waiting), owed.dropped) == (MOST_WAITING, 7)
    assert owed.waiting[-1].name == str(MOST_WAITING + 4)


def test_of_words_that_it_lives_only_the_newest_waits() -> None:
    queue = EventQueue(Unsent())
    for _ in range(3):
        queue.put([event("watch", Happened.ALIVE)])
    queue.put([event()])

    assert [one.happened for one in queue.owed().waiting] == [Happened.ALIVE, Happened.RAISED]


def test_what_is_put_while_it_is_sent_is_not_lost() -> None:
    queue = EventQueue(Unsent())
    queue.put([event("first")])
    taken = queue.take()
    queue.put([event("second")])

    queue.settle(taken, [])

    assert [one.name for one in queue.owed().waiting] == ["second"]


@pytest.mark.parametrize("url", [
    "ftp://host/x", "http://user:secret@host/x", "https://host/x?token=secret", "nowhere",
])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        WebhookEntry(url=url)


def test_a_secret_does_not_go_in_the_open() -> None:
    with pytest.raises(ValueError, match="https"):
        WebhookEntry(url="http://alarms.example/x", secret_env="RIG_HOOK")
