"""Which runs an export takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rig.errors import UsageError
from rig.records import STORE_FILE, RunRecord, State, Store
from rig.records.exports import Selected, Selection
from rig.records.exports.selection import moment


def ids(results: Path, selection: Selection) -> list[str]:
    return [record.run_id for record in Selected(results / STORE_FILE, selection).records()]


def test_in_the_order_in_which_they_began(results: Path, runs: list[RunRecord]) -> None:
    wanted = [record.run_id for record in runs]
    assert ids(results, Selection(since=runs[0].started)) == wanted
    assert ids(results, Selection(tuple(reversed(wanted)))) == wanted
    assert ids(results, Selection((wanted[2], wanted[2]))) == [wanted[2]], "named twice, there once"


def test_since_is_within_and_until_is_not(results: Path, runs: list[RunRecord]) -> None:
    chosen = Selection(since=runs[1].started, until=runs[3].started)
    assert ids(results, chosen) == [runs[1].run_id, runs[2].run_id]
    assert ids(results, Selection(until=runs[1].started)) == [runs[0].run_id]
    assert ids(results, Selection(since=runs[3].started + timedelta(microseconds=1))) == []


def test_a_fraction_of_a_second_sorts_right(results: Path, runs: list[RunRecord]) -> None:
    half = runs[0].model_copy(
        update={"run_id": "half", "started": runs[0].started + timedelta(milliseconds=500)}
    )
    Store(results / STORE_FILE).put(half)
    assert ids(results, Selection(since=half.started, until=runs[1].started)) == ["half"]


def test_what_nobody_was_shown_is_left_out_and_counted(results: Path, runs: list[RunRecord]) -> None:
    store = Store(results / STORE_FILE)
    store.put(runs[1], State.PENDING)
    store.put(runs[2], State.VOID)
    selected = Selected(results / STORE_FILE, Selection(since=runs[0].started))
    assert [record.run_id for record in selected.records()] == [runs[0].run_id, runs[3].run_id]
    assert selected.left_out == {State.PENDING: 1, State.VOID: 1}
    assert selected.counts == {"runs": 2, "simulated": 2, "test": 2}


@pytest.mark.parametrize(("state", "says"), [(State.PENDING, "pending"), (State.VOID, "void")])
def test_named_it_is_refused(state: State, says: str, results: Path, runs: list[RunRecord]) -> None:
    Store(results / STORE_FILE).put(runs[1], state)
    with pytest.raises(UsageError, match=f"run {runs[1].run_id}: found it {says}"):
        Selected(results / STORE_FILE, Selection((runs[0].run_id, runs[1].run_id)))


def test_a_run_that_is_not_there(results: Path) -> None:
    with pytest.raises(UsageError, match="run 20990101T000000-00c0de: not in"):
        Selected(results / STORE_FILE, Selection(("20990101T000000-00c0de",)))


@pytest.mark.parametrize("words", [
    {}, {"runs": ("a",), "since": datetime(2026, 1, 1, tzinfo=UTC)},
    {"since": datetime(2026, 1, 1, tzinfo=UTC), "until": datetime(2026, 1, 1, tzinfo=UTC)},
])
def test_half_a_choice_is_refused(words: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="expected"):
        Selection(**words)  # type: ignore[arg-type]


def test_moments() -> None:
    assert moment("2026-11-28") == datetime(2026, 11, 28, tzinfo=UTC)
    assert moment("2026-11-28T08:00:00+02:00") == datetime(2026, 11, 28, 6, tzinfo=UTC)
    with pytest.raises(UsageError, match="expected a date"):
        moment("yesterday")


def test_a_writer_is_not_held_up(results: Path, runs: list[RunRecord]) -> None:
    reading = Selected(results / STORE_FILE, Selection(since=runs[0].started)).records()
    next(reading)
    Store(results / STORE_FILE).put(runs[3].model_copy(update={"run_id": "later"}))
    assert len(list(reading)) == 3, "as it stood when the export began"
