"""The lake: made of closed days once, made again when a day changed, never wrong about old records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rig.errors import UsageError
from rig.qa.history import Line
from rig.qa.history_keep import History, keep, records
from rig.qa.lake import Lake, refresh
from rig.qa.numbers import Numbers, collect
from rig.qa.select import Asked, Chosen
from rig.qa.source import KeptRepair, KeptRun, StationStore, Wear
from rig.recipe import PlanFolder
from rig.records import RunRecord, Store
from rig.records.write import STORE_FILE
from tests.qa.conftest import UNTIL, lake_of, make_record

TODAY = date(2026, 11, 28)


@dataclass
class Shelf:
    """A source in memory."""

    kept: list[dict[str, Any]] = field(default_factory=list)
    state: str = "closed"

    def days(self) -> Mapping[date, str]:
        of: dict[date, list[str]] = {}
        for one in self.kept:
            of.setdefault(date.fromisoformat(one["started"][:10]), []).append(repr(one))
        return {day: str(hash(tuple(some))) for day, some in of.items()}

    def runs(self, day: date) -> Iterator[KeptRun]:
        return (KeptRun(one, self.state) for one in self.kept if one["started"].startswith(str(day)))

    def run(self, run_id: str) -> KeptRun | None:
        return next((KeptRun(one) for one in self.kept if one["run_id"] == run_id), None)

    def repairs(self) -> tuple[KeptRepair, ...]:
        return ()

    def last_of(self, serial: str) -> KeptRun | None:
        return next((KeptRun(one) for one in reversed(self.kept) if one["serial"] == serial), None)

    def wear(self) -> tuple[Wear, ...]:
        return ()

    def close(self) -> None:
        pass


def numbers_of(lake: Lake, *, simulated: bool) -> Numbers:
    firsts = Chosen(lake, Asked(simulated=simulated)).firsts()
    return collect(lake, firsts, firsts.spec.names[0])


def stamps(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*.parquet")}


def test_store_and_lake_agree_with_the_history_they_were_drawn_from(plan: PlanFolder, tmp_path: Path) -> None:
    history = History.of(Line.planted(150, 4, 5, UNTIL), plan)
    keep(history, tmp_path)

    exported = refresh(StationStore(tmp_path), tmp_path / "lake", TODAY)
    straight = lake_of(history)

    kept, drawn = numbers_of(exported, simulated=True), numbers_of(straight, simulated=True)
    assert [one.label for one in kept.elements] == [one.label for one in drawn.elements]
    for one, other in zip(kept.total(), drawn.total(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    assert exported.unreadable == {}


def test_drawn_records_are_valid_by_the_schema(plan: PlanFolder) -> None:
    history = History.of(Line.planted(40, 3, 5, UNTIL), plan)

    read = [RunRecord.model_validate(one) for one in records(history)]

    assert all(one.simulated for one in read)
    assert {one.verdict.value for one in read} >= {"PASS"}


def test_closed_days_are_written_once(plan: PlanFolder, tmp_path: Path) -> None:
    keep(History.of(Line(60, 3, 5, UNTIL), plan), tmp_path)
    refresh(StationStore(tmp_path), tmp_path / "lake", TODAY)
    before = stamps(tmp_path)

    refresh(StationStore(tmp_path), tmp_path / "lake", TODAY)

    assert before
    assert stamps(tmp_path) == before


def test_a_day_whose_content_changed_is_written_again(plan: PlanFolder, tmp_path: Path) -> None:
    history = History.of(Line(60, 3, 5, UNTIL), plan)
    keep(history, tmp_path)
    refresh(StationStore(tmp_path), tmp_path / "lake", TODAY)
    before = stamps(tmp_path)
    first = RunRecord.model_validate(next(iter(records(history))))

    Store(tmp_path / STORE_FILE).put(first.model_copy(update={"serial": "OTHER"}))
    lake = refresh(StationStore(tmp_path), tmp_path / "lake", TODAY)

    changed = {path for path, at in stamps(tmp_path).items() if before.get(path) != at}
    assert changed
    assert all(f"day={first.started:%Y-%m-%d}" in path for path in changed)
    assert Chosen(lake, Asked(simulated=True)).one("SELECT count(*) FROM runs WHERE serial = 'OTHER'") == (1,)


def test_the_open_day_is_read_as_it_is(tmp_path: Path) -> None:
    shelf = Shelf([make_record("20261127T080000-000001"), make_record("20261128T080000-000002", serial="B2")])

    lake = refresh(shelf, tmp_path, TODAY)

    assert len(Chosen(lake, Asked()).firsts()) == 2
    assert not list(tmp_path.glob("day=2026-11-28"))


def test_a_damaged_lake_is_made_anew(tmp_path: Path) -> None:
    shelf = Shelf([make_record()])
    refresh(shelf, tmp_path, TODAY)
    (tmp_path / "marks.json").write_text('{"format": 0}')

    lake = refresh(shelf, tmp_path, TODAY)

    assert len(Chosen(lake, Asked()).firsts()) == 1


def test_a_day_that_is_gone_leaves_the_lake(tmp_path: Path) -> None:
    refresh(Shelf([make_record()]), tmp_path, TODAY)

    lake = refresh(Shelf(), tmp_path, TODAY)

    assert len(Chosen(lake, Asked()).firsts()) == 0


def test_records_of_older_versions_count_with_what_they_have(tmp_path: Path) -> None:
    old = make_record("20261101T080000-000001", schema_version=1)
    for name in ("purpose", "made_by"):
        del old[name]
    shelf = Shelf([old, make_record("20261102T080000-000002", serial="B2")])

    firsts = Chosen(refresh(shelf, tmp_path, TODAY), Asked()).firsts()

    assert len(firsts) == 2
    assert len(firsts.spec.names) == 2


def test_a_record_that_is_none_is_counted_and_left_out(tmp_path: Path) -> None:
    broken = make_record("20261101T090000-000002")
    del broken["verdict"]

    lake = refresh(Shelf([make_record(), broken]), tmp_path, TODAY)

    assert lake.unreadable == {date(2026, 11, 1): 1}
    assert len(Chosen(lake, Asked()).firsts()) == 1


@pytest.mark.parametrize("station", ["../../etc", "a/b", "x'; DROP TABLE runs; --", "ä \u202e <b>"])
def test_names_of_stations_cannot_leave_the_lake(tmp_path: Path, station: str) -> None:
    lake = refresh(Shelf([make_record(station=station)]), tmp_path / "lake", TODAY)

    assert Chosen(lake, Asked(station=station)).firsts().station.names == (station,)
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]


def test_limits_that_differ_by_level_are_never_in_one_block(tmp_path: Path) -> None:
    other = make_record("20261101T090000-000002", serial="B2")
    other["measurements"][0]["limit"] = "<= 900"

    lake = refresh(Shelf([make_record(), other]), tmp_path, TODAY)

    elements = numbers_of(lake, simulated=False).elements
    assert [one.told.limit for one in elements if one.told.name == "board_watts"] == ["<= 1085", "<= 900"]


def test_no_store_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"rig\.db"):
        StationStore(tmp_path)
