"""A drawn history straight as parts of a lake, without the way through records: for proofs and benches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import rig
from rig.qa.history import DAY_SECONDS, SLOTS
from rig.qa.history_keep import History
from rig.qa.part import Block, Part
from rig.qa.rows import RUN_SCHEMA, spec_of
from rig.records.model import SCHEMA_VERSION


def parts(history: History) -> Iterator[tuple[date, str, Part]]:
    """The same history as parts of a lake, without the way through records: (day, station, part)."""
    happened, runs = history.happened, history.happened.runs
    line, told = happened.line, history.told()
    recipe, limits = (history.plan.hashes[name][:8] for name in ("recipe.yaml", "limits.yaml"))
    spec = spec_of(history.plan.product.product, recipe, limits)
    day = (runs.seconds_in // DAY_SECONDS).astype(np.int64)
    station = runs.place // len(SLOTS)
    lots = np.array([history.lot_name(number) for number in range(line.lots)] + ["GOLDEN"])
    order = np.lexsort((runs.seconds_in, lots[runs.lot], runs.place, station, day))
    keys = day[order] * len(line.stations) + station[order]
    for some in np.split(order, np.flatnonzero(np.diff(keys)) + 1):
        if len(some):
            table = _runs_table(history, some, lots, (spec, recipe, limits))
            yield (
                line.since + timedelta(days=int(day[some[0]])),
                line.stations[station[some[0]]],
                Part(table, (Block(spec, 0, told, np.ascontiguousarray(history.matrix[:, some])),)),
            )


def _runs_table(
    history: History, some: NDArray[np.int64], lots: NDArray[np.str_], makers: tuple[str, str, str]
) -> pa.Table:
    happened, runs = history.happened, history.happened.runs
    many, places = len(some), happened.line.places
    stopped, code = runs.stopped[some], runs.code[some]
    failed = (code != "") & ~stopped
    verdict = np.where(stopped, "STATION_FAULT", np.where(failed, "FAIL", "PASS"))
    level = history.plan.recipe.levels[0].level
    since = np.datetime64(happened.line.since.isoformat(), "us")
    board, lot = runs.board[some], runs.lot[some]
    rows = {one.name: one.start for one in history.layout}
    value = {name: history.matrix[rows[name], some] for name in ("board_watts", "joules_per_terahash")}
    fields: dict[str, Any] = {
        "run_id": [f"{at:09x}" for at in some.tolist()],
        "serial": [history.serial(one) for one in board.tolist()],
        "product": [history.plan.product.product] * many,
        "station": [places[one][0] for one in runs.place[some]],
        "slot": [places[one][1] for one in runs.place[some]],
        "fixture": [places[one][0] for one in runs.place[some]],
        "operator": [None] * many,
        "simulated": [True] * many,
        "purpose": runs.purpose[some],
        "started": since + (runs.seconds_in[some] * 1e6).astype("timedelta64[us]"),
        "seconds": runs.length[some],
        "verdict": verdict,
        "board_verdict": pa.array(verdict, mask=stopped),
        "grade": pa.array([level] * many, mask=failed | stopped),
        "code": pa.array(code, mask=code == ""),
        "board_code": pa.array(code, mask=~failed),
        "counted": ~stopped,
        "passed": ~failed & ~stopped,
        "chip": pa.array(runs.chip[some], mask=runs.chip[some] < 0),
        "domain": pa.array(runs.domain[some], mask=runs.domain[some] < 0),
        "place": [None] * many,
        "lot": lots[lot],
        "ft_version": np.where(
            lot < 0, "F1V01B2C1", np.char.add("F1V0", np.char.add((1 + lot % 3).astype(str), "B2C1"))
        ),
        "chip_bin": np.where(board < 0, 0, happened.bins[np.maximum(board, 0)]),
        "spec": [makers[0]] * many,
        "block": np.zeros(many, int),
        "row": np.arange(many),
        "recipe": [makers[1]] * many,
        "limits": [makers[2]] * many,
        "rig_version": [rig.__version__] * many,
        "code_hash": [""] * many,
        "schema_version": [SCHEMA_VERSION] * many,
        **{
            column: pa.array(found, from_pandas=True)
            for column, found in (
                ("watts", value["board_watts"]),
                ("joules_per_terahash", value["joules_per_terahash"]),
            )
        },
        "cycles": [None] * many,
        "action": np.where(stopped, "", np.where(failed, "repair", "ship")),
        "suspect": [None] * many,
        "instruments": ["[]"] * many,
    }
    return pa.table(
        [_column(fields[name]).cast(RUN_SCHEMA.field(name).type) for name in RUN_SCHEMA.names],
        schema=RUN_SCHEMA,
    )


def _column(values: Any) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values)
