"""Every format against its golden file, and where the files go.

The golden files are made anew by ``RIG_GOLDEN=write pytest tests/records/exports/test_formats.py``.
"""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet
import pytest

from rig.errors import UsageError
from rig.records import RunRecord
from rig.records.exports import Format, Place, write_export
from rig.records.junit import junit_text

GOLDEN = Path(__file__).parents[2] / "data" / "golden" / "exports"


def agrees(name: str, data: bytes) -> None:
    if os.environ.get("RIG_GOLDEN") == "write":
        (GOLDEN / name).write_bytes(data)
    assert data == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("chosen", [Format.CSV, Format.CFX, Format.JSON])
def test_one_file(chosen: Format, runs: list[RunRecord], tmp_path: Path) -> None:
    (file,) = write_export(runs, chosen, chosen.place(tmp_path / f"x{chosen.suffix}", force=False))
    agrees(f"runs{chosen.suffix}", file.read_bytes())


def test_stdf(runs: list[RunRecord], tmp_path: Path) -> None:
    (file,) = write_export(runs, Format.STDF, Format.STDF.place(tmp_path / "stdf", force=False))
    agrees("runs.stdf", file.read_bytes())


def test_parquet(runs: list[RunRecord], tmp_path: Path) -> None:
    """The rows: the bytes of a Parquet file change with its writer's version."""
    files = write_export(runs, Format.PARQUET, Format.PARQUET.place(tmp_path / "tables", force=False))
    rows = {file.stem: pyarrow.parquet.read_table(file).to_pylist() for file in files}
    kinds = {file.stem: str(pyarrow.parquet.read_schema(file)) for file in files}
    agrees("parquet.json", (json.dumps([kinds, rows], default=str, indent=1) + "\n").encode())


def test_junit_is_each_runs_own(runs: list[RunRecord], tmp_path: Path) -> None:
    files = write_export(runs, Format.JUNIT, Format.JUNIT.place(tmp_path / "junit", force=False))
    assert [file.name for file in files] == [f"{run.run_id}.xml" for run in runs]
    assert [file.read_text() for file in files] == [junit_text(run) for run in runs]


def test_json_is_the_records_as_they_are(runs: list[RunRecord], tmp_path: Path) -> None:
    (file,) = write_export(runs, Format.JSON, Format.JSON.place(tmp_path / "x.json", force=False))
    assert [RunRecord.model_validate(one) for one in json.loads(file.read_text())] == runs


@pytest.mark.parametrize("chosen", list(Format))
def test_no_runs(chosen: Format, tmp_path: Path) -> None:
    files = write_export([], chosen, chosen.place(tmp_path / "out", force=False))
    assert len(files) == {Format.JUNIT: 0, Format.STDF: 0, Format.PARQUET: 2}.get(chosen, 1)
    if chosen is Format.JSON:
        assert json.loads(files[0].read_text()) == []


@pytest.mark.parametrize(("chosen", "name"), [(Format.JUNIT, "x.xml"), (Format.STDF, "x.stdf")])
def test_a_name_with_the_ending_is_the_only_file(
    chosen: Format, name: str, runs: list[RunRecord], tmp_path: Path,
) -> None:
    place = chosen.place(tmp_path / name, force=False)
    assert write_export(runs[:1], chosen, place) == [tmp_path / name]
    other = runs[1].model_copy(update={"simulated": False})
    with pytest.raises(UsageError, match="found 2 files to write, expected one"):
        write_export([runs[0], other], chosen, place)


def test_where_it_goes_when_nobody_says() -> None:
    assert Format.CSV.place(None, force=False) == Place(Path("export.csv"), is_folder=False)
    assert Format.STDF.place(None, force=False) == Place(Path("export-stdf"), is_folder=True)


def test_a_run_id_that_is_no_name_stays_in_the_folder(runs: list[RunRecord], tmp_path: Path) -> None:
    evil = runs[0].model_copy(update={"run_id": "../../evil"})
    (file,) = write_export([evil], Format.JUNIT, Format.JUNIT.place(tmp_path / "junit", force=False))
    assert file.parent == tmp_path / "junit"
    assert [path.name for path in tmp_path.iterdir()] == ["junit"]


@pytest.mark.parametrize("chosen", [Format.CSV, Format.STDF, Format.CFX, Format.JSON, Format.JUNIT])
def test_many_runs_do_not_gather_in_memory(
    chosen: Format, runs: list[RunRecord], tmp_path: Path,
) -> None:
    asked: list[weakref.ref[RunRecord]] = []

    def one_by_one() -> Iterator[RunRecord]:
        for place in range(40):
            assert sum(one() is not None for one in asked) < 5, "those before were written and let go"
            record = runs[0].model_copy(update={"run_id": f"run-{place}"})
            asked.append(weakref.ref(record))
            yield record

    assert write_export(one_by_one(), chosen, chosen.place(tmp_path / "out", force=False))
    assert len(asked) == 40
