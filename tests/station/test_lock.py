"""The lock of production as scans meet it: a station of a production bench, the guard told by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rig.clock import SystemClock
from rig.purpose import Purpose
from rig.station.flow import Answer, Person
from rig.station.golden import enrol
from rig.station.place import Place
from rig.station.roles import Role
from rig.station.slotflow import Conditions
from rig.station.station import Station
from tests.station.test_golden import BEGAN, SERIAL, Past, fixture

BOARD = "S21PROTEST0000001"
ADA = Person("0417", Role.OPERATOR, "2026-11-28T10:00:00Z")
HOURS_UNTIL_NOW = (datetime.now(UTC) - BEGAN).total_seconds() / 3600


class Floor:
    """A production bench with one golden board that has a past."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.past = Past(folder / "results")
        for hour in range(12):
            self.past.run(hours=hour)
        enrol(self.past.results, SERIAL, "mk", BEGAN + timedelta(hours=12), simulated=True)
        production = fixture(folder, production=True, panel={"golden_hours": 12})
        self.station = Station(
            replace(place, fixture=production, results=self.past.results), SystemClock()
        )

    def sees(self, fault: str | None = None) -> None:
        seen = Conditions(0.0, estop_closed=True, lid_closed=True, seated=True, fault=fault)
        self.station.picture.conditions = {f"slot{number}": seen for number in range(1, 5)}

    def golden_run(self, watts: float) -> None:
        """The golden board's run a minute ago."""
        self.past.run(hours=HOURS_UNTIL_NOW - 1 / 60, purpose=Purpose.GOLDEN, watts=watts)

    async def scan(self, serial: str) -> Answer:
        self.station._facts.soon()
        await self.station._facts.look()
        return (await self.station.desk.scan(serial, ADA))[1]

    async def self_tested(self) -> None:
        self.station.desk.came("0417")
        await asyncio.gather(*self.station._tasks)


@pytest.fixture
def floor(place: Place, tmp_path: Path) -> Iterator[Floor]:
    made = Floor(place, tmp_path)
    made.sees()
    yield made
    made.station.log.close()


def answers(*scans: Awaitable[object]) -> list[Answer]:
    async def all_of_them() -> list[object]:
        return [await one for one in scans]

    return [found for found in asyncio.run(all_of_them()) if isinstance(found, Answer)]


def test_a_golden_check_opens_the_lock_and_a_bad_one_shuts_it_again(floor: Floor) -> None:
    [locked, golden] = answers(floor.self_tested(), floor.scan(BOARD), floor.scan(SERIAL))
    shown = floor.station.view().locked_code
    floor.golden_run(1040.0)
    [opened] = answers(floor.scan(BOARD))
    floor.golden_run(1300.0)
    [again] = answers(floor.scan(BOARD))

    assert shown == "STN-GOLDEN"
    assert (locked.outcome, locked.words.params["code"], locked.orders) == ("refused", "STN-GOLDEN", ())
    assert golden.outcome == opened.outcome == "accepted"
    assert floor.station.view().locked_code == "STN-GOLDEN"
    assert "1300" in again.words.text


def test_the_self_test_waits_for_a_guard_that_has_just_begun(floor: Floor) -> None:
    floor.sees("not reached yet")

    async def badge_before_the_guard() -> None:
        floor.station.desk.came("0417")
        await asyncio.sleep(0)
        floor.sees()
        await asyncio.gather(*floor.station._tasks)

    floor.golden_run(1040.0)
    [before] = answers(floor.scan(BOARD))
    [after] = answers(badge_before_the_guard(), floor.scan(BOARD))

    assert (before.words.params["code"], after.outcome) == ("STN-SELFTEST", "accepted")


def test_a_slow_disk_does_not_hold_up_the_look_at_the_guard(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With it a STOP that is not obeyed would not be insisted on."""
    looks, enough = [], asyncio.Event()

    async def never() -> None:
        await asyncio.Event().wait()

    async def look(_lights: object) -> dict[str, Conditions]:
        looks.append(1)
        if len(looks) == 3:
            enough.set()
        return {}

    monkeypatch.setattr(floor.station._facts, "look", never)
    monkeypatch.setattr(floor.station._guard, "look", look)

    async def watched() -> None:
        work = asyncio.create_task(floor.station.serve())
        await asyncio.wait_for(enough.wait(), 10)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    asyncio.run(watched())
    assert len(looks) >= 3
