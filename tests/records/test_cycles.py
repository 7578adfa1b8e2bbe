from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rig.errors import StationFault
from rig.records import Store
from rig.records.cycles import CycleBook, Cycles


def test_each_slot_counts_and_the_fixture_counts_all(tmp_path: Path) -> None:
    file = tmp_path / "rig.db"
    one, two = CycleBook(file, "bench-a", "slot1"), CycleBook(file, "bench-a", "slot2")
    elsewhere = CycleBook(file, "bench-b", "slot1")
    assert one.count() == Cycles(1, 1)
    assert two.count() == Cycles(1, 2)
    assert elsewhere.count() == Cycles(1, 1)
    assert CycleBook(file, "bench-a", "slot1").count() == Cycles(2, 3)


def test_several_at_once_lose_none(tmp_path: Path) -> None:
    file = tmp_path / "rig.db"
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: CycleBook(file, "bench", f"slot{n % 2}").count(), range(20)))
    assert max(one.fixture for one in found) == 20
    assert sorted(one.fixture for one in found) == list(range(1, 21))


def test_contacts_are_a_trend_of_their_slot(tmp_path: Path) -> None:
    book = CycleBook(tmp_path / "rig.db", "bench", "slot1")
    assert book.contacts(5) == ()
    for ohms in (0.0015, 0.0016, 0.002):
        book.count()
        book.keep_contact(ohms)
    CycleBook(tmp_path / "rig.db", "bench", "slot2").keep_contact(0.004)
    assert book.contacts(2) == ((2, 0.0016), (3, 0.002))
    assert CycleBook(tmp_path / "rig.db", "bench", "slot2").contacts(9) == ((0, 0.004),)


def test_it_shares_the_stations_store(tmp_path: Path) -> None:
    Store(tmp_path / "rig.db")
    CycleBook(tmp_path / "rig.db", "bench", "slot1").count()
    assert Store(tmp_path / "rig.db").get("absent") is None


def test_a_file_that_is_none_is_the_stations_fault(tmp_path: Path) -> None:
    (tmp_path / "rig.db").write_text("no database")
    with pytest.raises(StationFault, match=r"rig\.db: found .*, expected a store that can be written"):
        CycleBook(tmp_path / "rig.db", "bench", "slot1").count()
