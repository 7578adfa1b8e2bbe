"""Which boards and runs are in a report: the unit-inclusion rule."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rig.errors import UsageError
from rig.qa.lake import refresh
from rig.qa.select import Asked, Chosen
from tests.qa.conftest import make_record
from tests.qa.test_lake import TODAY, Shelf


def chosen(tmp_path: Path, asked: Asked, *runs: dict[str, Any]) -> Chosen:
    return Chosen(refresh(Shelf(list(runs)), tmp_path, TODAY), asked)


def failed(run_id: str, **changes: Any) -> dict[str, Any]:
    return make_record(run_id, verdict="FAIL", board_verdict="FAIL", failure_code="CHIP-WEAK", **changes)


def test_a_board_counts_where_its_first_run_was_and_then_all_its_runs(tmp_path: Path) -> None:
    runs = [failed("20261101T080000-000001"), make_record("20261103T080000-000002", station="B1")]

    early = chosen(tmp_path / "a", Asked(until=date(2026, 11, 1)), *runs)
    late = chosen(tmp_path / "b", Asked(since=date(2026, 11, 2)), *runs)

    assert early.rows("SELECT runs, passed, second, last FROM units") == [(2, False, True, True)]
    assert late.rows("SELECT * FROM units") == []
    assert late.one("SELECT count(*) FROM within") == (1,)


@pytest.mark.parametrize("change", [
    {"purpose": "golden"}, {"purpose": "gauge"}, {"purpose": "engineering"}, {"simulated": True},
    {"verdict": "ABORTED", "board_verdict": None}, {"verdict": "STATION_FAULT", "board_verdict": None},
])
def test_what_never_counts_for_yield(tmp_path: Path, change: dict[str, Any]) -> None:
    first = make_record("20261101T070000-000001", **change)
    second = make_record("20261101T080000-000002")

    found = chosen(tmp_path, Asked(), first, second)

    assert found.rows("SELECT run_id, nth FROM counted") == [("20261101T080000-000002", 1)]


def test_a_failure_proved_before_the_stop_stays_with_the_board(tmp_path: Path) -> None:
    stopped = make_record(verdict="STATION_FAULT", board_verdict="FAIL", failure_code="STN-ESTOP", findings=[
        {"code": "STN-ESTOP", "party": "station"}, {"code": "CHIP-WEAK", "party": "board", "chip": 17},
    ])

    found = chosen(tmp_path, Asked(), stopped)

    assert found.rows("SELECT passed, board_code, chip FROM units") == [(False, "CHIP-WEAK", 17)]


def test_a_pass_that_nobody_was_shown_does_not_count(tmp_path: Path) -> None:
    found = Chosen(refresh(Shelf([make_record()], state="void"), tmp_path, TODAY), Asked())

    assert found.rows("SELECT * FROM units") == []


def test_two_products_are_never_pooled(tmp_path: Path) -> None:
    runs = (make_record(), make_record("20261102T080000-000002", product="s19"))

    with pytest.raises(UsageError, match="--product"):
        chosen(tmp_path, Asked(), *runs)
    assert chosen(tmp_path / "b", Asked(product="s19"), *runs).one("SELECT count(*) FROM units") == (1,)


def test_yields_never_fall_with_more_runs(tmp_path: Path) -> None:
    runs = [failed("20261101T080000-000001"), failed("20261101T090000-000002"),
            make_record("20261101T100000-000003")]

    found = chosen(tmp_path, Asked(), *runs)

    assert found.rows("SELECT passed, second, third, last FROM units") == [(False, False, True, True)]
