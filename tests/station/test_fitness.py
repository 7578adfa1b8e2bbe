"""What the station found of itself, as the lab takes it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import rig
from rig.fixturefile import FixtureFile, load_fixture
from rig.records import STORE_FILE, Store
from rig.station.fitness import production_lock, self_test_problems
from rig.station.shift import ShiftBook

NOW = datetime(2026, 11, 28, 2, tzinfo=UTC)


@pytest.fixture
def fixture() -> FixtureFile:
    return load_fixture(Path(rig.__file__).parents[1] / "fixtures" / "sim.yaml")


def keep(fixture: FixtureFile, results: Path, problem: str | None) -> None:
    shifts = ShiftBook(results, fixture, ship_marginal=True)
    shifts.begin("A. Person", NOW)
    shifts.tested(problem, NOW)


def test_without_a_self_test_nothing_stands_against_a_slot(fixture: FixtureFile, tmp_path: Path) -> None:
    before = self_test_problems(fixture, tmp_path)
    keep(fixture, tmp_path, None)

    assert before == self_test_problems(fixture, tmp_path) == {}


def test_what_it_found_stands_at_its_slot(fixture: FixtureFile, tmp_path: Path) -> None:
    keep(fixture, tmp_path, "slot2: the e-stop loop is open; slot3: no supply")

    found = self_test_problems(fixture, tmp_path)

    assert list(found) == ["slot2", "slot3"]
    assert found["slot2"] == ("the station's last self-test was not good: slot2: the e-stop loop is open; "
                              "repeat it there")


def test_what_it_found_of_the_whole_station_stands_at_every_slot(
    fixture: FixtureFile, tmp_path: Path
) -> None:
    keep(fixture, tmp_path, "the guard does not answer")

    assert set(self_test_problems(fixture, tmp_path)) == set(fixture.slots)


def test_production_without_a_golden_check_is_locked(fixture: FixtureFile, tmp_path: Path) -> None:
    producing = fixture.model_copy(update={"production": True})
    no_store = production_lock(producing, tmp_path, NOW)
    Store(tmp_path / STORE_FILE)

    assert no_store is None
    assert production_lock(fixture, tmp_path, NOW) is None
    assert str(production_lock(producing, tmp_path, NOW)).startswith("STN-GOLDEN: no golden board has been")
