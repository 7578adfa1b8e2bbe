"""Alarms at the station: made of stored runs, they lock production until they end or are let go of."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rig.clock import SystemClock
from rig.purpose import Purpose
from rig.station.alarms import CODE, Alarms
from rig.station.app import make_app
from rig.station.badges import BadgeFile
from rig.station.place import Place
from rig.station.sessions import Sessions
from rig.station.shift import ShiftBook
from rig.station.station import Station
from rig.verdict import Verdict
from rig.verdict.alarms import AlarmRules
from tests.station.conftest import VIEW, Door
from tests.station.test_golden import BEGAN, Past, fixture, production

NOW = BEGAN + timedelta(hours=5)


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(tmp_path / "results")


def failing(past: Past, station: str, *serials: str, code: str = "CHIP-WEAK", **changes: Any) -> None:
    for serial in serials:
        past.failed(serial, code, station=station, slot="slot2", board_code=code, **changes)


def looked(past: Past, made: Any, rules: AlarmRules | None = None) -> Alarms:
    found = Alarms(past.results, made, rules)
    found.look()
    return found


def test_three_boards_in_a_row_with_one_code_lock_production(past: Past, tmp_path: Path) -> None:
    made = production(tmp_path)
    failing(past, made.station, "BOARD-1", "BOARD-2")
    found = looked(past, made)
    before = found.lock
    failing(past, made.station, "BOARD-3")

    found.look()

    assert before is None
    assert found.lock is not None
    assert (found.lock.code, found.lock.words.params) == (
        CODE, {"number": 2, "code": "CHIP-WEAK", "boards": 3}
    )
    assert [(one.slot, one.locks, one.words.key) for one in found.views()] == [
        ("slot2", True, "alarm.same_code")
    ]


def test_it_ends_by_itself_when_a_board_passes_there(past: Past, tmp_path: Path) -> None:
    made = production(tmp_path)
    failing(past, made.station, "BOARD-1", "BOARD-2", "BOARD-3")
    found = looked(past, made)
    past.run("BOARD-4", station=made.station, slot="slot2")

    found.look()

    assert (found.lock, found.views()) == (None, ())


@pytest.mark.parametrize("changes", [
    {"purpose": Purpose.ENGINEERING}, {"simulated": False}, {"fixture": "other"}, {"board_verdict": None},
])
def test_runs_that_judge_no_board_here_ring_for_nothing(
    past: Past, tmp_path: Path, changes: dict[str, Any]
) -> None:
    made = production(tmp_path)
    for serial in ("BOARD-1", "BOARD-2", "BOARD-3"):
        past.run(serial, station=made.station, slot="slot2", **{
            "verdict": Verdict.FAIL, "board_verdict": Verdict.FAIL, "board_code": "CHIP-WEAK", **changes,
        })

    assert looked(past, made).views() == ()


def test_a_retest_is_no_other_board(past: Past, tmp_path: Path) -> None:
    made = production(tmp_path)
    failing(past, made.station, "BOARD-1", "BOARD-2", "BOARD-1", "BOARD-2")

    assert looked(past, made).views() == ()


def test_who_lets_go_is_kept_and_the_next_row_counts_from_there(past: Past, tmp_path: Path) -> None:
    made = production(tmp_path)
    failing(past, made.station, "BOARD-1", "BOARD-2", "BOARD-3")
    found = looked(past, made)

    let_go, twice = found.let_go("slot2", "0003", NOW), found.let_go("slot2", "0003", NOW)
    after_restart = looked(past, made)
    failing(past, made.station, "BOARD-4", "BOARD-5")
    after_restart.look()
    two_more = after_restart.lock
    failing(past, made.station, "BOARD-6")
    after_restart.look()

    assert (let_go, twice) == (True, False)
    assert (found.lock, two_more) == (None, None)
    assert after_restart.lock is not None
    assert '"by":"0003"' in (past.results / "station" / f"alarms-{made.fixture}.json").read_text()


def test_a_bench_that_is_not_for_production_is_told_and_not_locked(past: Past, tmp_path: Path) -> None:
    made = fixture(tmp_path)
    failing(past, made.station, "BOARD-1", "BOARD-2", "BOARD-3")
    found = looked(past, made)
    shifts = ShiftBook(past.results, made, ship_marginal=True)

    assert [one.locks for one in found.views()] == [False]
    assert shifts.lock_of(found.lock) is None


def test_a_drop_of_yield_is_told_and_locks_nothing(past: Past, tmp_path: Path) -> None:
    made = production(tmp_path)
    for at in range(20):
        past.run(f"GOOD-{at}", station=made.station, slot="slot2")
    for at in range(5):
        failing(past, made.station, f"BAD-{at}", code=f"CODE-{at}")

    found = looked(past, made, AlarmRules(recent=5, least_history=10, history=20))

    assert found.lock is None
    assert {one.words.key for one in found.views()} == {"alarm.drop.slot", "alarm.drop"}
    assert {(one.words.params["passed"], one.words.params["usual"]) for one in found.views()} == {(0, 100.0)}


# -- the press ---------------------------------------------------------------------------------


def test_an_engineer_lets_go_and_nobody_else(
    place: Place, badges: BadgeFile, past: Past, tmp_path: Path
) -> None:
    clock, made = SystemClock(), production(tmp_path)
    station = Station(replace(place, results=past.results, fixture=made), clock)
    sessions = Sessions(badges, clock)
    door = Door(make_app(station, sessions, VIEW, {"127.0.0.1"}), station, sessions)
    failing(past, made.station, "BOARD-1", "BOARD-2", "BOARD-3")
    asyncio.run(station._facts.look())
    shown = door.screen().client.get("/api/state").json()["alarms"]
    technician, engineer = door.browser(), door.browser()
    technician.badge("0002")
    technician.pin()

    refused = technician.press("/api/slots/slot2/alarm")
    engineer.badge("0003")
    without_pin = engineer.press("/api/slots/slot2/alarm")
    engineer.pin()
    engineer.press("/api/control")
    nowhere = engineer.press("/api/slots/nowhere/alarm")
    accepted = engineer.press("/api/slots/slot2/alarm").json()
    again = engineer.press("/api/slots/slot2/alarm").json()
    station.log.close()

    assert [(one["slot"], one["locks"]) for one in shown] == [("slot2", True)]
    assert (refused.status_code, without_pin.status_code, nowhere.status_code) == (403, 403, 404)
    assert (accepted["outcome"], accepted["words"]["key"]) == ("accepted", "accepted.let_go")
    assert (again["outcome"], again["words"]["key"]) == ("refused", "refused.no_alarm")
    assert station.view().alarms == ()
    assert "let go of the alarm of slot2" in "".join(
        file.read_text() for file in (past.results / "station").glob("*.jsonl")
    )
