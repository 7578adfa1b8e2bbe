"""What a report is asked about, and the runs and boards that are in it (DuckDB over the lake).

A board counts where its first run falls in the period, station and lot asked for, and then all its runs
count, wherever they were: so periods add up and no board is counted twice.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rig.errors import UsageError
from rig.qa.lake import Lake
from rig.qa.rows import RUN_SCHEMA

MEMORY: Final = "350MB"                 # DuckDB's own; beyond it, it goes to the disk
SHIFTS: Final = ("06-14", "14-22", "22-06")  # UTC
_COLUMNS: Final = (
    "run_id, serial, product, station, slot, fixture, purpose, started, seconds, verdict, board_verdict, "
    "grade, code, board_code, counted, passed, chip, domain, lot, ft_version, chip_bin, spec, block, row, "
    "recipe, limits, schema_version, watts, joules_per_terahash, cycles, action"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """``until`` is the last day. ``simulated``: of simulated runs alone, of which otherwise none counts."""

    since: date | None = None
    until: date | None = None
    product: str | None = None
    station: str | None = None
    slot: str | None = None
    lot: str | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Category:
    """A column of names: ``names[code]``, -1 where unknown."""

    names: tuple[str, ...]
    codes: NDArray[np.int32]

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Category:
        """Sorted by name."""
        encoded = column.combine_chunks().dictionary_encode()
        names = encoded.dictionary.to_pylist()
        order = sorted(range(len(names)), key=names.__getitem__)
        place = np.empty(len(names) + 1, np.int32)
        place[order] = np.arange(len(names))
        place[-1] = -1
        codes = encoded.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)
        return cls(tuple(names[at] for at in order), place[codes])


@dataclass(frozen=True, slots=True)
class Firsts:
    """First run of every board in the report, one element a board, sorted by part, block and row."""

    day: NDArray[np.int32]  # days since 1970-01-01
    shift: NDArray[np.int32]
    station: Category
    slot: Category  # station and slot: a place
    lot: Category
    code: Category  # what the board failed with
    passed: NDArray[np.bool_]
    chip: NDArray[np.int32]  # -1: none
    domain: NDArray[np.int32]
    part: Category
    spec: Category
    block: NDArray[np.int32]
    row: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.passed)


class Chosen:
    """The tables ``runs`` (all in the lake), ``counted`` (all that count for yield, with ``nth``),
    ``units`` (boards in the report, one row each) and ``within`` (all runs in the period, station and lot).

    Raises UsageError when there is more than one product to choose from.
    """

    def __init__(self, lake: Lake, asked: Asked, *, threads: int | None = None) -> None:
        self.lake = lake
        self.database = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "memory_limit": MEMORY,
                "temp_directory": f"{tempfile.gettempdir()}/rig-duckdb-{os.getpid()}",
                **({} if threads is None else {"threads": threads}),
            },
        )
        self._register()
        self.asked = self._with_product(asked)
        self._choose()

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.database.execute(query, list(values)).fetchall()

    def one(self, query: str, values: Sequence[Any] = ()) -> tuple[Any, ...]:
        found = self.database.execute(query, list(values)).fetchone()
        return () if found is None else found

    def firsts(self) -> Firsts:
        """First runs of the boards in the report."""
        return self._told_of("units")

    def golden(self) -> Firsts:
        """Runs of golden boards in the period and station, in place of first runs."""
        return self._told_of("within WHERE purpose = 'golden' AND verdict IN ('PASS', 'MARGINAL', 'FAIL')")

    def _told_of(self, source: str) -> Firsts:
        table = self.database.sql(
            "SELECT epoch_us(started) // 86400000000 AS day, "
            "((extract(hour FROM started) + 18) % 24) // 8 AS shift, station, "
            "station || ' ' || slot AS slot, lot, board_code, passed, chip, domain, part, spec, block, row "
            f"FROM {source} ORDER BY part, spec, block, row"
        ).to_arrow_table()
        ints = {name: _ints(table[name]) for name in ("day", "shift", "chip", "domain", "block", "row")}
        station, slot, lot, code, spec = (
            Category.of(table[name]) for name in ("station", "slot", "lot", "board_code", "spec")
        )
        part = Category(self._parts, _ints(table["part"]))
        return Firsts(
            ints["day"],
            ints["shift"],
            station,
            slot,
            lot,
            code,
            table["passed"].to_numpy(),
            ints["chip"],
            ints["domain"],
            part,
            spec,
            ints["block"],
            ints["row"],
        )

    def _register(self) -> None:
        files = self.lake.run_files()
        parts = [
            part.runs.append_column("part", pa.array([str(number)] * part.runs.num_rows, pa.string()))
            for number, part in enumerate(self.lake.open_parts)
        ]
        empty = RUN_SCHEMA.append(pa.field("part", pa.string())).empty_table()
        self.database.register("open_runs", pa.concat_tables([empty, *parts]))
        self._parts = (*files, *map(str, range(len(parts))))
        self.database.register("parts", pa.table(
            {"name": pa.array(self._parts, pa.string()),
             "number": pa.array(range(len(self._parts)), pa.int32())}
        ))
        if files:
            self.database.read_parquet(
                files, union_by_name=False, hive_partitioning=False, filename=True
            ).project("* RENAME (filename AS part)").create_view("closed_runs")
            self.database.execute(
                "CREATE VIEW runs AS SELECT * FROM closed_runs UNION ALL BY NAME SELECT * FROM open_runs"
            )
        else:
            self.database.execute("CREATE VIEW runs AS SELECT * FROM open_runs")

    def _with_product(self, asked: Asked) -> Asked:
        if asked.product is not None:
            return asked
        found = [
            row[0]
            for row in self.rows(
                "SELECT DISTINCT product FROM runs WHERE simulated = ? ORDER BY 1", [asked.simulated]
            )
        ]
        if len(found) > 1:
            raise UsageError(
                f"found runs of {len(found)} products ({', '.join(found)}), expected one to report on; "
                "give --product"
            )
        return Asked(
            asked.since,
            asked.until,
            found[0] if found else None,
            asked.station,
            asked.slot,
            asked.lot,
            asked.simulated,
        )

    def _choose(self) -> None:
        asked = self.asked
        where, values = _condition(asked)
        self.database.execute(
            f"CREATE TABLE pool AS SELECT {_COLUMNS}, parts.number AS part FROM runs "
            "JOIN parts ON parts.name = runs.part WHERE simulated = ? AND product = ?",
            [asked.simulated, asked.product],
        )
        self.database.execute(f"CREATE TABLE of_period AS SELECT rowid AS id FROM pool WHERE {where}", values)
        self.database.execute(
            "CREATE VIEW within AS SELECT pool.* FROM pool JOIN of_period ON pool.rowid = of_period.id"
        )
        self.database.execute(
            "CREATE TABLE numbered AS SELECT rowid AS id, row_number() OVER (PARTITION BY serial "
            "ORDER BY started, run_id) AS nth FROM pool WHERE purpose = 'test' AND counted"
        )
        self.database.execute(
            "CREATE VIEW counted AS SELECT pool.*, nth FROM pool JOIN numbered ON pool.rowid = numbered.id"
        )
        self.database.execute(
            f"CREATE TABLE units AS SELECT first.*, coalesce(later.more, 0) + 1 AS runs, "
            "passed OR coalesce(later.second, false) AS second, "
            "passed OR coalesce(later.third, false) AS third, "
            "coalesce(later.last, passed) AS last, later.passed_at, later.passed_slot, "
            "coalesce(later.last_at, started) AS last_at, "
            "coalesce(later.last_action, action) AS last_action "
            f"FROM (SELECT * FROM counted WHERE nth = 1 AND {where}) AS first LEFT JOIN ("
            "SELECT serial, count(*) AS more, bool_or(passed AND nth = 2) AS second, "
            "bool_or(passed AND nth <= 3) AS third, arg_max(passed, nth) AS last, "
            "min(started) FILTER (passed) AS passed_at, "
            "arg_min(station || ' ' || slot, started) FILTER (passed) AS passed_slot, "
            "max(started) AS last_at, arg_max(coalesce(action, ''), nth) AS last_action "
            "FROM counted WHERE nth > 1 GROUP BY serial) AS later USING (serial)",
            values,
        )


def _ints(column: pa.ChunkedArray) -> NDArray[np.int32]:
    found: NDArray[np.int32] = column.fill_null(-1).to_numpy().astype(np.int32)
    return found


def _condition(asked: Asked) -> tuple[str, list[Any]]:
    """The period, station and lot as SQL."""
    parts, values = ["true"], []
    for text, value in (
        ("started >= ?", None if asked.since is None else _midnight(asked.since)),
        ("started < ?", None if asked.until is None else _midnight(asked.until + timedelta(days=1))),
        ("station = ?", asked.station),
        ("slot = ?", asked.slot),
        ("lot = ?", asked.lot),
    ):
        if value is not None:
            parts.append(text)
            values.append(value)
    return " AND ".join(parts), values


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
