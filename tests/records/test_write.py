"""Golden files: what a reader of records and JUnit files can rely on, byte for byte.

After a meant change: RIG_GOLDEN=write pytest tests/records, and look at the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rig.errors import FileError
from rig.records import RunFolder, RunRecord, Store, file_run, read_record, write_junit, write_record

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
NAMES = ["pass", "marginal", "fail", "station_fault"]


def same_as_golden(name: str, made: Path) -> None:
    golden = GOLDEN / name
    if os.environ.get("RIG_GOLDEN") == "write":
        golden.write_bytes(made.read_bytes())
    assert made.read_text(encoding="utf-8") == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_record_json(name: str, records: dict[str, RunRecord], folder: RunFolder) -> None:
    assert write_record(folder, records[name]) == folder.record
    same_as_golden(f"record_{name}.json", folder.record)
    assert read_record(folder.record) == records[name]


@pytest.mark.parametrize("name", NAMES)
def test_junit_xml(name: str, records: dict[str, RunRecord], folder: RunFolder) -> None:
    write_junit(folder, records[name])
    same_as_golden(f"junit_{name}.xml", folder.junit)


def test_a_run_is_filed_in_three_places(
    records: dict[str, RunRecord], folder: RunFolder, tmp_path: Path
) -> None:
    path = file_run(tmp_path, folder, records["pass"])
    assert path == folder.record
    assert folder.junit.is_file()
    assert Store(tmp_path / "rig.db").get(records["pass"].run_id) == read_record(path)


def test_a_file_that_is_no_record(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        read_record(tmp_path / "absent")
    path = tmp_path / "record.json"
    path.write_text('{"schema_version": 99}')
    with pytest.raises(FileError, match=r"record\.json: "):
        read_record(path)
