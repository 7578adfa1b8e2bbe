from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from rig.errors import UsageError
from rig.records import RunFolder, new_run_id

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
    assert all(run_id.startswith("20260101T080000-") for run_id in ids)
    assert new_run_id(at) < new_run_id(at + timedelta(seconds=1))


def test_only_runs_are_listed(tmp_path: Path) -> None:
    folders = [RunFolder.create(tmp_path, "SN1", name, UTC_TIME) for name in ("b", "a")]
    for folder in folders:
        folder.journal.touch()
    RunFolder.create(tmp_path, "SN1", "empty", UTC_TIME)
    (tmp_path / "README.md").touch()
    assert [found.path.name for found in RunFolder.all_in(tmp_path)] == ["SN1-a", "SN1-b"]
    assert list(RunFolder.all_in(tmp_path / "absent")) == []
