from __future__ import annotations

from pathlib import Path

import pytest

from rig.errors import StationFault
from rig.records.files import write_whole


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_whole(path, "old")
    write_whole(path, "new ½\n")
    assert path.read_text(encoding="utf-8") == "new ½\n"
    assert [found.name for found in tmp_path.iterdir()] == ["record.json"]


def test_a_disk_that_refuses_is_the_stations_fault(tmp_path: Path) -> None:
    with pytest.raises(StationFault, match=r"record\.json: found No such file"):
        write_whole(tmp_path / "absent" / "record.json", "x")


def test_what_stood_there_survives_a_failed_write(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.mkdir()
    with pytest.raises(StationFault, match="Is a directory"):
        write_whole(path, "x")
    assert [found.name for found in tmp_path.iterdir()] == ["record.json"]


def test_lone_surrogates_do_not_lose_a_record(tmp_path: Path) -> None:
    write_whole(tmp_path / "x", "a\ud800b")
    assert (tmp_path / "x").read_text() == "a\\ud800b"
