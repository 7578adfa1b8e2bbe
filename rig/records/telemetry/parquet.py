"""``telemetry.parquet``: one row a second of a run, chips, domains and sensors as lists."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rig.records.files import write_whole
from rig.records.journal import Entry
from rig.records.telemetry.look import LOOK_LINE, PHASE_LINE, Identity

LAYOUT = 1                      # in the file's metadata, key rig.telemetry
_NUMBERS = (
    "mhz", "supply_volts", "supply_amps", "meter_volts", "meter_amps", "watts", "watt_hours",
    "terminal_volts", "fan_share",
)
_LISTS = {
    "domain_volts": "float64", "celsius": "float64", "trials": "int64", "hits": "int64", "errors": "int64",
}


def write_parquet(path: Path, entries: Sequence[Entry]) -> None:
    """Write the seconds that ``entries`` hold, zstd, whole or not at all. Raises StationFault.

    The first entry is the run's identity; it goes into the metadata, ``rig.run``, as JSON.
    """
    import pyarrow
    import pyarrow.parquet

    types: list[tuple[str, Any]] = [
        ("utc", pyarrow.timestamp("us", tz="UTC")), ("seconds", pyarrow.float64()),
        ("phase", pyarrow.string()),
        *((name, pyarrow.float64()) for name in _NUMBERS),
        *((name, pyarrow.list_(pyarrow.type_for_alias(kind))) for name, kind in _LISTS.items()),
    ]
    identity = Identity.of(entries[0].data)
    schema = pyarrow.schema(types, metadata={
        "rig.telemetry": str(LAYOUT), "rig.run": json.dumps(identity.facts()),
    })
    table = pyarrow.Table.from_pylist(list(_rows(entries)), schema=schema)
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink, compression="zstd")
    write_whole(path, sink.getvalue().to_pybytes())


def _rows(entries: Sequence[Entry]) -> Iterator[dict[str, Any]]:
    began, phase = int(entries[0].data["ns"]), None
    for entry in entries[1:]:
        if entry.kind == PHASE_LINE:
            phase = entry.data["phase"]
        elif entry.kind == LOOK_LINE:
            ns = int(entry.data["ns"])
            utc = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1000)
            known = {name: entry.data[name] for name in (*_NUMBERS, *_LISTS) if name in entry.data}
            yield {"utc": utc, "seconds": (ns - began) / 1e9, "phase": phase, **known}
