"""A part of the lake: the runs of one station on one UTC day, in memory or as Parquet files.

``runs.parquet`` has one row a run. ``values-<spec>-<block>.parquet`` has the numbers of the runs
judged by one recipe and the same limits, one row a number, all runs of an element together: so a measurement
is one slice, and the whole file is one block of elements × runs.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from rig.qa.rows import RUN_SCHEMA, RunRow, Told

VALUE_SCHEMA: Final = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("measurement", pa.string(), nullable=False),
        pa.field("element", pa.int16(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
    ]
)
META: Final = b"rig"


@dataclass(frozen=True, slots=True)
class Block:
    """Numbers of runs judged alike: ``matrix`` is elements × runs, NaN where none was taken.

    ``told`` names the measurements in the order of the matrix's rows, each ``size`` rows long. The run of
    this spec, block and ``row`` in the runs table is column ``row``.
    """

    spec: str
    number: int
    told: tuple[Told, ...]
    matrix: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Part:
    """``runs`` has the columns of RUN_SCHEMA, sorted by spec, slot, lot and time."""

    runs: pa.Table
    blocks: tuple[Block, ...]


def build(rows: Iterable[RunRow]) -> Part:
    """A part of these runs. Runs of one spec whose limits differ (by level) come into blocks of their own."""
    ordered = sorted(
        rows,
        key=lambda row: (
            row.flat["spec"],
            row.flat["slot"],
            row.flat["lot"] or "",
            row.flat["started"],
            row.flat["run_id"],
        ),
    )
    blocks: dict[str, list[tuple[dict[str, str | None], list[RunRow]]]] = defaultdict(list)
    for row in ordered:
        limits = {name: one.limit for name, one in row.told.items()}
        of_spec = blocks[row.flat["spec"]]
        number = next(
            (
                at
                for at, (seen, _) in enumerate(of_spec)
                if all(seen.get(name, limit) == limit for name, limit in limits.items())
            ),
            len(of_spec),
        )
        if number == len(of_spec):
            of_spec.append(({}, []))
        seen, members = of_spec[number]
        row.flat["block"], row.flat["row"] = number, len(members)
        seen.update(limits)
        members.append(row)
    columns = {name: [row.flat[name] for row in ordered] for name in RUN_SCHEMA.names}
    return Part(
        pa.table(columns, schema=RUN_SCHEMA),
        tuple(
            _block(spec, number, members)
            for spec, of_spec in blocks.items()
            for number, (_, members) in enumerate(of_spec)
        ),
    )


def _block(spec: str, number: int, rows: list[RunRow]) -> Block:
    told: dict[str, Told] = {}
    for row in rows:
        for name, one in row.told.items():
            if name not in told or one.size > told[name].size:
                told[name] = one
    matrix = np.full((sum(one.size for one in told.values()), len(rows)), np.nan)
    starts = dict(zip(told, np.cumsum([0, *(one.size for one in told.values())]).tolist(), strict=False))
    for column, row in enumerate(rows):
        for name, values in row.values.items():
            start = starts[name]
            matrix[start : start + len(values), column] = [
                np.nan if value is None else value for value in values
            ]
    return Block(spec, number, tuple(told.values()), matrix)


def write(part: Part, folder: Path) -> None:
    """As files in ``folder``, which is there and empty."""
    pq.write_table(part.runs, folder / "runs.parquet", compression="zstd")
    for block in part.blocks:
        elements, runs = block.matrix.shape
        names = pa.array([one.name for one in block.told], pa.string())
        which = np.repeat(np.arange(len(block.told), dtype=np.int32), [one.size * runs for one in block.told])
        ranges = [np.arange(one.size, dtype=np.int16) for one in block.told]
        element = np.concatenate([np.empty(0, np.int16), *ranges])
        meta = {
            "spec": block.spec,
            "number": block.number,
            "runs": runs,
            "told": [asdict(one) for one in block.told],
        }
        table = pa.table(
            [
                np.tile(np.arange(runs, dtype=np.int32), elements),
                pa.DictionaryArray.from_arrays(pa.array(which), names).cast(pa.string()),
                np.repeat(element.astype(np.int16), runs),
                block.matrix.ravel(),
            ],
            schema=VALUE_SCHEMA.with_metadata({META: json.dumps(meta).encode()}),
        )
        pq.write_table(
            table,
            folder / values_name(block.spec, block.number),
            compression="zstd",
            compression_level=1,
            use_dictionary=["row", "measurement", "element"],
            use_byte_stream_split=["value"],
        )


def values_name(spec: str, number: int) -> str:
    """Name of the file of a block."""
    return f"values-{spec}-{number}.parquet"


def read_block(file: Path) -> Block:
    """The numbers in one values file."""
    parquet = pq.ParquetFile(file)
    meta: dict[str, Any] = json.loads(parquet.schema_arrow.metadata[META])
    column = parquet.read(columns=["value"], use_threads=False)["value"]
    flat = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    matrix = flat.to_numpy(zero_copy_only=False).reshape(-1, meta["runs"])
    return Block(meta["spec"], meta["number"], tuple(Told(**one) for one in meta["told"]), matrix)
