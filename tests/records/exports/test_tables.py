"""CSV as a spreadsheet takes it, Parquet as a program does."""

from __future__ import annotations

import csv
import math
import re
from datetime import UTC
from pathlib import Path

import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig.records import RunRecord
from rig.records.exports.tables import RUN_COLUMNS, VALUE_COLUMNS, write_csv, write_parquet


def read_csv(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_a_row_a_value_with_its_run(runs: list[RunRecord], tmp_path: Path) -> None:
    write_csv(runs, tmp_path / "x.csv")
    rows = read_csv(tmp_path / "x.csv")
    assert tuple(rows[0]) == (*RUN_COLUMNS, *VALUE_COLUMNS)
    expected = sum(len(one.values) for run in runs for one in run.measurements)
    expected += sum(len(run.not_taken) for run in runs)
    assert len(rows) == expected
    assert {row["simulated"] for row in rows} == {"true"}
    last = [row for row in rows if row["run_id"] == runs[3].run_id]
    volts = [row for row in last if row["measurement"] == "domain_volts"]
    assert [row["value"] for row in volts] == ["1.046"] * 12 + [""]
    assert [row["outcome"] for row in volts] == ["PASS"] * 12 + ["FAIL"]
    assert [row["index"] for row in volts] == [str(index) for index in range(13)]


def test_every_attempt_and_the_last_counts(runs: list[RunRecord], tmp_path: Path) -> None:
    write_csv(runs, tmp_path / "x.csv")
    rows = [row for row in read_csv(tmp_path / "x.csv")
            if row["run_id"] == runs[1].run_id and row["measurement"] == "chips_found"]
    assert [(row["attempt"], row["value"], row["outcome"], row["counts"]) for row in rows] == [
        ("1", "64.0", "FAIL", "false"), ("2", "65.0", "PASS", "true"),
    ]


def test_what_was_not_taken_and_a_run_without_values(runs: list[RunRecord], tmp_path: Path) -> None:
    empty = runs[0].model_copy(update={"measurements": ()})
    write_csv([runs[2], empty], tmp_path / "x.csv")
    rows = read_csv(tmp_path / "x.csv")
    missing = [row for row in rows if row["outcome"] == "NOT_TAKEN"]
    assert [(row["measurement"], row["value"]) for row in missing] == [
        ("board_watts", ""), ("domain_volts", ""),
    ]
    assert (rows[-1]["run_id"], rows[-1]["measurement"], rows[-1]["value"]) == (empty.run_id, "", "")


@pytest.mark.parametrize(("serial", "cell"), [
    ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"),
    (" =1", "' =1"), ("\uff1d1", "'\uff1d1"), ("a;=1", "a;'=1"), ("a\n=1", "a\n'=1"), ("A-1", "A-1"),
    ('a","=1', 'a","=1'), ("x\x00\x1b[31m", "x\ufffd\ufffd[31m"),
])
def test_no_text_is_a_formula(serial: str, cell: str, runs: list[RunRecord], tmp_path: Path) -> None:
    write_csv([runs[0].model_copy(update={"serial": serial})], tmp_path / "x.csv")
    assert {row["serial"] for row in read_csv(tmp_path / "x.csv")} == {cell}


@given(serial=st.text(max_size=20) | st.text("=+-@;|\t\r\n\x00\"', ", max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_text_the_table_keeps_its_shape(
    serial: str, runs: list[RunRecord], tmp_path: Path,
) -> None:
    write_csv([runs[0].model_copy(update={"serial": serial})], tmp_path / "x.csv")
    rows = read_csv(tmp_path / "x.csv")
    assert len(rows) == 19
    assert {row["measurement"] for row in rows} == {taken.name for taken in runs[0].measurements}
    assert not re.search(r"(^|[;|\n])[^\S\n]*[=+\-@]", rows[0]["serial"])


def test_a_negative_number_stays_one(runs: list[RunRecord], tmp_path: Path) -> None:
    cold = runs[0].measurements[0].model_copy(update={"values": (-40.0, 1e-300)})
    write_csv([runs[0].model_copy(update={"measurements": (cold,)})], tmp_path / "x.csv")
    assert [float(row["value"]) for row in read_csv(tmp_path / "x.csv")] == [-40.0, 1e-300]


def test_parquet_is_two_tables_of_types(runs: list[RunRecord], tmp_path: Path) -> None:
    write_parquet(runs, tmp_path / "runs.parquet", tmp_path / "values.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "runs.parquet").to_pylist()
    values = pyarrow.parquet.read_table(tmp_path / "values.parquet").to_pylist()
    assert [row["run_id"] for row in table] == [run.run_id for run in runs]
    assert all(row["simulated"] is True for row in table)
    assert table[0]["started"] == runs[0].started.astimezone(UTC)
    assert (table[2]["board_code"], table[2]["joules_per_terahash"]) == ("CHAIN-SHORT", None)
    last = [row for row in values if row["run_id"] == runs[3].run_id]
    volts = [row for row in last if row["measurement"] == "domain_volts"]
    assert [row["value"] for row in volts] == [*[1.046] * 12, None]
    assert not any(isinstance(row["value"], float) and math.isnan(row["value"]) for row in values)
    assert (volts[0]["at_least"], volts[0]["at_most"]) == (0.9, 1.2)
    assert {row["outcome"] for row in values} == {"PASS", "FAIL", "MARGINAL", "RECORDED", "NOT_TAKEN"}


def test_many_runs_are_written_in_pieces(
    runs: list[RunRecord], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rig.records.exports.tables._ROWS", 20)
    many = [runs[0].model_copy(update={"run_id": f"run-{place}"}) for place in range(50)]
    write_parquet(iter(many), tmp_path / "runs.parquet", tmp_path / "values.parquet")
    assert pyarrow.parquet.ParquetFile(tmp_path / "values.parquet").num_row_groups > 10
    table = pyarrow.parquet.read_table(tmp_path / "runs.parquet")
    assert table["run_id"].to_pylist() == [run.run_id for run in many]


def test_no_runs_are_empty_tables(tmp_path: Path) -> None:
    write_csv([], tmp_path / "x.csv")
    write_parquet([], tmp_path / "runs.parquet", tmp_path / "values.parquet")
    assert read_csv(tmp_path / "x.csv") == []
    assert pyarrow.parquet.read_table(tmp_path / "runs.parquet").num_rows == 0
