"""Tables of runs and of values: CSV for spreadsheets, Parquet for programs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rig.records.exports.bounds import Bounds
from rig.records.exports.values import values_of
from rig.records.model import RunRecord
from rig.records.plain import plain

if TYPE_CHECKING:
    import pyarrow

RUN_COLUMNS: Final = (
    "run_id", "serial", "product", "station", "fixture", "slot", "operator", "simulated", "purpose",
    "started", "ended", "seconds", "verdict", "board_verdict", "grade", "failure_code",
)
VALUE_COLUMNS: Final = (
    "measurement", "says", "unit", "over", "index", "attempt", "counts", "value", "outcome", "limit",
    "marginal_limit", "code", "at_seconds",
)
NOT_TAKEN: Final = "NOT_TAKEN"                  # outcome of what was required and is missing

_RUNS_ONLY = ("failure_text", "board_code", "chips_found", "board_rate", "watts", "joules_per_terahash")
_FORMULA = re.compile(r"(^|[;|\n])(?=[^\S\n]*[=+\-@\uff1d\uff0b\uff0d\uff20])")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ROWS = 5000            # of Parquet in memory at a time


def write_csv(records: Iterable[RunRecord], file: Path) -> None:
    """One row a value, each with its run's columns; a run without values has a row, too."""
    with file.open("w", encoding="utf-8", errors="backslashreplace", newline="") as opened:
        rows = csv.writer(opened, lineterminator="\n")
        rows.writerow((*RUN_COLUMNS, *VALUE_COLUMNS))
        for record in records:
            run = [_cell(getattr(record, name)) for name in RUN_COLUMNS]
            written = False
            for value in _values(record):
                rows.writerow((*run, *(_cell(value[name]) for name in VALUE_COLUMNS)))
                written = True
            if not written:
                rows.writerow((*run, *[""] * len(VALUE_COLUMNS)))


def write_parquet(records: Iterable[RunRecord], runs: Path, values: Path) -> None:
    """Two tables joined by run_id: one row a run, one row a value."""
    import pyarrow.parquet

    run_schema, value_schema = _schemas()
    with (
        pyarrow.parquet.ParquetWriter(runs, run_schema) as run_file,
        pyarrow.parquet.ParquetWriter(values, value_schema) as value_file,
    ):
        run_rows: list[dict[str, Any]] = []
        value_rows: list[dict[str, Any]] = []
        for record in records:
            run_rows.append({name: _typed(getattr(record, name)) for name in run_schema.names})
            value_rows += ({"run_id": record.run_id, **_with_bounds(row)} for row in _values(record))
            for rows, file, schema in (
                (run_rows, run_file, run_schema), (value_rows, value_file, value_schema)
            ):
                if len(rows) >= _ROWS:
                    file.write_table(pyarrow.Table.from_pylist(rows, schema))
                    rows.clear()
        run_file.write_table(pyarrow.Table.from_pylist(run_rows, run_schema))
        value_file.write_table(pyarrow.Table.from_pylist(value_rows, value_schema))


def _values(record: RunRecord) -> Iterator[dict[str, Any]]:
    for taken in values_of(record):
        one = taken.measurement
        yield {
            "measurement": one.name, "says": one.says, "unit": one.unit, "over": one.over.value,
            "index": taken.index, "attempt": one.attempt, "counts": taken.counts, "value": taken.value,
            "outcome": taken.outcome.value, "limit": one.limit, "marginal_limit": one.marginal_limit,
            "code": one.code, "at_seconds": one.at_seconds,
        }
    for name in record.not_taken:
        yield {**dict.fromkeys(VALUE_COLUMNS), "measurement": name, "counts": True, "outcome": NOT_TAKEN}


def _with_bounds(row: dict[str, Any]) -> dict[str, Any]:
    bounds = Bounds.of(row["limit"])
    return {**row, "at_least": bounds.low, "at_most": bounds.high}


def _cell(value: Any) -> Any:
    """As a spreadsheet may have it: no text of it is a formula there."""
    value = plain(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _FORMULA.sub(r"\1'", _CONTROL.sub("\ufffd", value))
    return "" if value is None else value


def _typed(value: Any) -> Any:
    return value if hasattr(value, "tzinfo") else plain(value)


def _schemas() -> tuple[pyarrow.Schema, pyarrow.Schema]:
    import pyarrow as pa

    kinds: dict[str, Any] = {
        **dict.fromkeys(("simulated", "counts"), pa.bool_()),
        **dict.fromkeys(("started", "ended"), pa.timestamp("us", tz="UTC")),
        **dict.fromkeys(("chips_found", "index", "attempt"), pa.int32()),
        **dict.fromkeys(
            ("seconds", "board_rate", "watts", "joules_per_terahash", "value", "at_seconds", "at_least",
             "at_most"), pa.float64(),
        ),
    }

    def schema(names: Iterable[str]) -> pyarrow.Schema:
        return pa.schema([(name, kinds.get(name, pa.string())) for name in names])

    return (
        schema((*RUN_COLUMNS, *_RUNS_ONLY)),
        schema(("run_id", *VALUE_COLUMNS, "at_least", "at_most")),
    )
