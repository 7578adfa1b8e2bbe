from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from rig.errors import StationFault, UsageError
from rig.records import RunFolder, marks, new_run_id

UTC_TIME = datetime(2026, 1, 1, 23, 30, tzinfo=timezone(timedelta(hours=-1)))     # 00:30 UTC, the 2nd


def test_where_a_run_lies(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "results", "SN1", "id1", UTC_TIME)
    assert folder.path == tmp_path / "results" / "2026-01-02" / "SN1-id1"
    assert folder.path.is_dir()
    assert [path.name for path in (folder.journal, folder.record, folder.junit)] == [
        "journal.jsonl", "record.json", "junit.xml",
    ]


@pytest.mark.parametrize("serial", ["../x", "a/b", "", ".hidden", "a b", "ä"])
def test_a_serial_never_leaves_the_folder(serial: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it names a folder"):
        RunFolder.create(tmp_path, serial, "id1", UTC_TIME)
    assert not list(tmp_path.iterdir())


def test_a_run_id_is_used_once(tmp_path: Path) -> None:
    RunFolder.create(tmp_path, "SN1", "id1", UTC_TIME)
    with pytest.raises(UsageError, match="already there"):
        RunFolder.create(tmp_path, "SN1", "id1", UTC_TIME)


def test_results_that_cannot_be_made_are_told_before_power(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    with pytest.raises(UsageError, match="give --results another folder"):
        RunFolder.create(tmp_path / "results", "SN1", "id1", UTC_TIME)


def test_run_ids_sort_by_time_and_differ() -> None:
    at = datetime(2026, 1, 1, 8, tzinfo=UTC)
    ids = {new_run_id(at) for _ in range(50)}
    assert len(ids) == 50
    assert all(run_id.startswith("20260101T080000Z-") for run_id in ids)
    assert new_run_id(at) < new_run_id(at + timedelta(seconds=1))


def test_only_runs_are_listed(tmp_path: Path) -> None:
    folders = [RunFolder.create(tmp_path, "SN1", name, UTC_TIME) for name in ("b", "a")]
    for folder in folders:
        folder.journal.touch()
    RunFolder.create(tmp_path, "SN1", "empty", UTC_TIME)
    (tmp_path / "README.md").touch()
    assert [found.path.name for found in RunFolder.all_in(tmp_path)] == ["SN1-a", "SN1-b"]
    assert list(RunFolder.all_in(tmp_path / "absent")) == []


def test_a_run_is_found_by_its_id(tmp_path: Path) -> None:
    at = datetime(2026, 1, 2, 23, 59, 59, tzinfo=UTC)
    run_id = new_run_id(at)
    late = RunFolder.create(tmp_path, "SN1", run_id, at + timedelta(seconds=2))     # midnight came between
    plain = RunFolder.create(tmp_path, "SN1", "id1", at)
    assert RunFolder.find(tmp_path, run_id) == late
    assert RunFolder.find(tmp_path, "id1") == plain
    assert RunFolder.find(tmp_path, new_run_id(at)) is None
    assert RunFolder.find(tmp_path / "absent", run_id) is None


@pytest.mark.parametrize("run_id", ["*", "../SN1-id1", "", "[a-z]d1"])
def test_an_id_that_is_none_finds_nothing(run_id: str, tmp_path: Path) -> None:
    RunFolder.create(tmp_path, "SN1", "id1", UTC_TIME)
    assert RunFolder.find(tmp_path, run_id) is None


def test_a_run_is_unfinished_until_record_and_telemetry_are_what_others_read(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "SN1", "id1", UTC_TIME)
    folder.telemetry_journal.touch()

    folder.settle()
    assert list(RunFolder.unfinished_in(tmp_path)) == [folder]
    folder.record.touch()
    folder.settle()
    assert list(RunFolder.unfinished_in(tmp_path)) == [folder]
    folder.telemetry_journal.unlink()
    folder.settle()
    folder.settle()
    assert list(RunFolder.unfinished_in(tmp_path)) == []


def test_unfinished_runs_are_found_among_many_without_looking_at_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [RunFolder.create(tmp_path, "SN1", f"id{number}", UTC_TIME) for number in range(3)]
    folders[1].record.touch()
    folders[1].settle()
    monkeypatch.setattr(RunFolder, "all_in", None)
    assert list(RunFolder.unfinished_in(tmp_path)) == [folders[0], folders[2]]


def test_results_of_an_older_rig_get_their_marks(tmp_path: Path) -> None:
    folders = [RunFolder.create(tmp_path, "SN1", name, UTC_TIME) for name in ("died", "spooled", "good")]
    for folder in folders:
        folder.journal.touch()
    for folder in folders[1:]:
        folder.record.touch()
    folders[1].telemetry_journal.touch()
    shutil.rmtree(tmp_path / "unfinished")

    assert list(RunFolder.unfinished_in(tmp_path)) == folders[:2]
    (tmp_path / "new").mkdir()
    assert list(RunFolder.unfinished_in(tmp_path / "new")) == []
    assert list((tmp_path / "new").iterdir()) == [], "nothing is made where nothing was run"
    (tmp_path / "new").rmdir()
    shutil.rmtree(tmp_path / "unfinished")
    new = RunFolder.create(tmp_path, "SN1", "new", UTC_TIME)            # whoever comes first makes them
    assert list(RunFolder.unfinished_in(tmp_path)) == [folders[0], new, folders[1]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-01-02", "unfinished"]


def test_a_run_that_somebody_took_away_is_no_longer_marked(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "SN1", "id1", UTC_TIME)
    shutil.rmtree(folder.path)
    assert list(RunFolder.unfinished_in(tmp_path)) == []
    assert list((tmp_path / "unfinished").iterdir()) == []


def test_marks_made_twice_at_once_are_one(tmp_path: Path) -> None:
    """Two that find none both make them; the second finds the first's, with a mark of its own in it."""
    folders = [RunFolder.create(tmp_path, "SN1", name, UTC_TIME) for name in ("a", "b")]
    shutil.rmtree(tmp_path / "unfinished")
    marks.mark_all(tmp_path, [folders[0].path])
    marks.mark_all(tmp_path, [folders[1].path])
    assert marks.marked(tmp_path) == [folders[0].path]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-01-02", "unfinished"]


def test_marks_that_cannot_be_made_are_told_before_power(tmp_path: Path) -> None:
    (tmp_path / "unfinished").write_text("a file")
    with pytest.raises(StationFault, match="unfinished"):
        RunFolder.create(tmp_path, "SN1", "id1", UTC_TIME)
