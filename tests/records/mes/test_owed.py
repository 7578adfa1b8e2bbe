"""What the factory's system is owed outlives everything but its receipt."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.clock import VirtualClock
from rig.records import STORE_FILE, RunRecord, State, Store
from rig.records.mes import MesAway, MesDenied, MesRejected, OwedBook, Question, Route, deliver_owed
from rig.records.mes.owed import Owing


class Port:
    """A system that takes what is not in ``errors``."""

    def __init__(self, **errors: Exception) -> None:
        self.errors, self.told = errors, list[str]()

    def route(self, question: Question) -> Route:
        raise NotImplementedError

    def commit(self, record: RunRecord) -> None:
        if record.run_id in self.errors:
            raise self.errors[record.run_id]
        self.told.append(record.run_id)


@pytest.fixture
def runs(records: dict[str, RunRecord]) -> list[RunRecord]:
    return [records["pass"].model_copy(update={"run_id": name}) for name in ("a", "b", "c")]


@pytest.fixture
def book(tmp_path: Path, runs: list[RunRecord], clock: VirtualClock) -> OwedBook:
    """Of three runs that ended, each owed from its beginning."""
    book = OwedBook(tmp_path / STORE_FILE, "sim", clock)
    for run in runs:
        book.owe(run.run_id)
        Store(tmp_path / STORE_FILE).put(run)
    return book


def ids(book: OwedBook) -> list[tuple[str, Owing]]:
    return [(one.run_id, one.owing) for one in book.waiting()]


def told(book: OwedBook) -> list[tuple[str, Owing, str]]:
    return [(one.run_id, one.owing, one.reason) for one in book.waiting()]


def test_all_are_told_once(book: OwedBook) -> None:
    port = Port()
    assert deliver_owed(book, port, book.waiting()) == 3
    assert deliver_owed(book, port, book.waiting()) == 0
    assert port.told == ["a", "b", "c"]


def test_a_run_that_has_not_ended_is_not_told(book: OwedBook, tmp_path: Path, runs: list[RunRecord]) -> None:
    book.owe("d")
    Store(tmp_path / STORE_FILE).put(runs[0].model_copy(update={"run_id": "e"}), State.PENDING)
    book.owe("e")
    assert [run for run, _ in ids(book)] == ["a", "b", "c"]
    Store(tmp_path / STORE_FILE).put(runs[0].model_copy(update={"run_id": "e"}), State.VOID)
    assert [run for run, _ in ids(book)] == ["a", "b", "c", "e"], "its process died; that is told, too"


def test_what_is_told_is_what_the_store_says_then(
    book: OwedBook, tmp_path: Path, runs: list[RunRecord],
) -> None:
    Store(tmp_path / STORE_FILE).put(runs[0].model_copy(update={"operator": "Grace"}))
    assert book.record("a").operator == "Grace"


@pytest.mark.parametrize("error", [MesAway("away"), MesDenied("who?")])
def test_away_or_denied_everything_waits(error: Exception, book: OwedBook) -> None:
    with pytest.raises(type(error)):
        deliver_owed(book, Port(b=error), book.waiting())
    assert told(book) == [("b", Owing.WAITING, str(error)), ("c", Owing.WAITING, "")]
    assert deliver_owed(book, Port(), book.waiting()) == 2


def test_refused_it_waits_for_a_person_and_holds_nobody_up(book: OwedBook) -> None:
    assert deliver_owed(book, Port(b=MesRejected("no such order")), book.waiting()) == 2
    assert told(book) == [("b", Owing.REFUSED, "no such order")]
    assert book.waiting()[0].serial == "SIM0000000000001A"


def test_owed_again_it_is_not_forgotten_that_it_was_told(book: OwedBook) -> None:
    deliver_owed(book, Port(), book.waiting())
    book.owe("a")
    assert ids(book) == []


def test_another_fixtures_runs_are_not_ours(book: OwedBook, tmp_path: Path, clock: VirtualClock) -> None:
    assert OwedBook(tmp_path / STORE_FILE, "other", clock).waiting() == ()
