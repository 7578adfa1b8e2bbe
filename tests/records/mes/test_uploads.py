"""The factory's system among the outbox's destinations."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from proofs.mes_standin import StandIn
from rig.clock import SystemClock
from rig.mesentry import MesEntry
from rig.records import STORE_FILE, RunRecord, Store
from rig.records.mes import MesClient, OwedBook
from rig.records.mes.uploads import MesQueue, MesSender
from rig.records.outbox.service import Outbox, WaysOut, status
from rig.records.outbox.uploader import HELD_SECONDS, Going, Uploader

Client = Callable[..., MesClient]


@pytest.fixture
def book(tmp_path: Path, records: dict[str, RunRecord]) -> OwedBook:
    book = OwedBook(tmp_path / STORE_FILE, "sim", SystemClock())
    for name in ("a", "b", "c"):
        book.owe(name)
        Store(tmp_path / STORE_FILE).put(records["pass"].model_copy(update={"run_id": name}))
    return book


@pytest.fixture
def uploader(book: OwedBook, client: Client) -> Uploader:  # type: ignore[type-arg]
    return Uploader(MesQueue(book), MesSender(client()), SystemClock(), jitter=lambda: 1.0)


def test_one_by_one_and_each_once(uploader: Uploader, standin: StandIn) -> None:  # type: ignore[type-arg]
    assert [uploader.step() for _ in range(3)] == [0.0] * 3
    assert uploader.step() > 0
    assert list(standin.results) == ["a", "b", "c"]
    assert len(standin.requests) == 3


def test_while_it_is_away_all_waits(
    uploader: Uploader, standin: StandIn, book: OwedBook,  # type: ignore[type-arg]
) -> None:
    standin.status = 503
    assert 0 < uploader.step() < uploader.step()
    assert uploader.traffic.going is Going.WAITING
    assert MesQueue(book).depth().rows == 3
    standin.status = 200
    uploader.step()
    assert list(standin.results) == ["a"]


def test_what_does_not_let_us_in_is_looked_at_once_a_minute(
    uploader: Uploader, standin: StandIn,  # type: ignore[type-arg]
) -> None:
    standin.token = "another"
    assert uploader.step() == HELD_SECONDS


def test_a_refused_run_is_a_dead_letter_until_somebody_mends_it(
    uploader: Uploader, standin: StandIn, book: OwedBook,  # type: ignore[type-arg]
) -> None:
    queue = MesQueue(book)
    standin.refuses = True
    uploader.step()
    standin.refuses = False
    while queue.depth().rows:
        uploader.step()
    assert [letter.what for letter in queue.dead_letters()] == ["run a"]
    assert "no such order" in queue.dead_letters()[0].reason
    assert queue.retry() == 1
    uploader.step()
    assert list(standin.results) == ["b", "c", "a"]


def test_the_service_sends_it_and_says_so(book: OwedBook, standin: StandIn, tmp_path: Path) -> None:
    ways = WaysOut(mes=MesEntry(url=standin.url), fixture="sim")
    assert [(one.name, one.depth) for one in status(tmp_path, ways, SystemClock()).destinations] == [
        ("plant", 3), ("mes", 3),
    ]
    with Outbox(tmp_path, ways, SystemClock()):
        until = time.monotonic() + 20
        while len(standin.results) < 3 and time.monotonic() < until:
            time.sleep(0.02)
    assert sorted(standin.results) == ["a", "b", "c"]
    assert book.waiting() == ()
