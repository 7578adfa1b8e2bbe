"""Repairs as people tell them: kept as told, linked to the board's runs, nothing that fools a reader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.errors import UsageError
from rig.records import RunRecord, Store
from rig.records.repairs import Kind, Repair, RepairBook

Make = Callable[..., RunRecord]
SERIAL = "SIM0000000000001A"
AT = datetime(2026, 1, 2, 9, tzinfo=UTC)


def told(**changes: Any) -> Repair:
    values: dict[str, Any] = {
        "serial": SERIAL, "at": AT, "kind": Kind.REPAIR, "did": "reflowed", "operator": "Bo",
        "code": "CHAIN-SHORT", "place": "chips 31 and 32", "run_id": None,
    }
    return Repair.told(**{**values, **changes})


def test_it_is_kept_with_the_run_it_follows(tmp_path: Path, make: Make) -> None:
    store, book = Store(tmp_path / "rig.db"), RepairBook(tmp_path / "rig.db")
    assert book.keep(told()).run_id is None
    for number in (1, 2):
        store.put(make(run_id=f"run-{number}"))
    last = book.keep(told(at=AT + timedelta(hours=1)))
    first = book.keep(told(at=AT + timedelta(hours=2), run_id="run-1"))
    assert (last.run_id, first.run_id) == ("run-2", "run-1")
    assert book.of(SERIAL) == (told(), last, first)
    assert book.of("another") == ()


@pytest.mark.parametrize(("run_id", "found"), [("run-9", "no such run"), ("run-1", "a run of board OTHER")])
def test_a_run_of_another_board_is_refused(run_id: str, found: str, tmp_path: Path, make: Make) -> None:
    Store(tmp_path / "rig.db").put(make(run_id="run-1").model_copy(update={"serial": "OTHER"}))
    book = RepairBook(tmp_path / "rig.db")
    with pytest.raises(UsageError, match=f"--run .*: found {found}, expected a run of board {SERIAL}"):
        book.keep(told(run_id=run_id))
    assert book.of(SERIAL) == ()


def test_times_of_day_are_kept_in_utc(tmp_path: Path) -> None:
    book = RepairBook(tmp_path / "rig.db")
    book.keep(told(at=AT.astimezone(timezone(timedelta(hours=8)))))
    assert book.of(SERIAL)[0].at.isoformat() == "2026-01-02T09:00:00+00:00"


@pytest.mark.parametrize("text", [
    "", "   ", "two\nlines", "a\tb", "red \x1b[31m", "bell \x07", "\u202egnihtyna", "zero\u200bwidth",
    "line\u2028end", "half \ud800", "x" * 501,
])
@pytest.mark.parametrize("field", ["did", "operator", "place"])
def test_hostile_text_is_refused(field: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"--{field}: found .*, expected one line of 1 to 500 printable"):
        told(**{field: text})


def test_a_release_without_a_reason_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--why: found ' ', expected one line"):
        told(kind=Kind.RELEASE, code=None, place=None, did=" ")


@pytest.mark.parametrize("code", [
    "", "chip-weak", "CHIP", "STN-LINK", "OPR-STOP", "CHIP-WEAK\n", "A-B" * 40, "X'--",
])
def test_only_a_boards_code_is_repaired(code: str) -> None:
    with pytest.raises(UsageError, match=r"--code: found .*, expected the failure code of a board"):
        told(code=code)


@pytest.mark.parametrize("serial", ["", "../up", "a b", "-x", "x" * 501])
def test_a_serial_is_one(serial: str) -> None:
    with pytest.raises(UsageError, match="serial: found"):
        told(serial=serial)


@given(st.text(max_size=60))
def test_whatever_is_kept_is_shown_as_it_was_typed(text: str) -> None:
    if text.strip() and text.strip().isprintable():
        assert told(did=text).did == text.strip()
        return
    with pytest.raises(UsageError) as refused:
        told(did=text)
    assert str(refused.value).isprintable()


def test_sql_in_the_words_stays_words(tmp_path: Path) -> None:
    book = RepairBook(tmp_path / "rig.db")
    words = "'); DROP TABLE repairs; --"
    book.keep(told(did=words))
    assert [repair.did for repair in book.of(SERIAL)] == [words]
