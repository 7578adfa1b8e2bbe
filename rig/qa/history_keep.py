"""A drawn history as records in a station's store, or straight as parts of a lake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import rig
from rig.errors import UsageError
from rig.qa.history import Happened, Line, draw
from rig.qa.history_values import Column, columns, values_of
from rig.qa.rows import Told
from rig.recipe import Dimension, PlanFolder
from rig.recipe.eeprom_layout import BoardIdentity, encode_image
from rig.records.database import transaction
from rig.records.model import SCHEMA_VERSION
from rig.records.repairs import COLUMNS as REPAIR_COLUMNS
from rig.records.store import COLUMNS, Store
from rig.records.write import STORE_FILE

OPERATORS: Final = ("ada", "grace", "linus")
COMMIT_RUNS: Final = 1000


@dataclass(frozen=True)
class History:
    """A history with its numbers: elements × runs, laid out as ``layout`` says."""

    happened: Happened
    plan: PlanFolder
    layout: tuple[Column, ...]
    matrix: NDArray[np.float64]
    first_board: int = 0                # number of the first board's serial

    @classmethod
    def of(cls, line: Line, plan: PlanFolder, first_board: int = 0) -> History:
        """Draw it."""
        product = plan.product
        sizes = {
            Dimension.BOARD: 1,
            Dimension.CHIP: product.chips,
            Dimension.DOMAIN: product.domains,
            Dimension.SENSOR: product.sensors,
        }
        happened = draw(line)
        layout = columns(plan.limits, sizes)
        return cls(happened, plan, layout, values_of(happened, layout), first_board)

    def lot_name(self, number: int) -> str:
        return f"JOB{2600 + number}"

    def serial(self, board: int) -> str:
        """Golden boards have numbers below 0, one a station."""
        kind = "RIGDEMOGOLD" if board < 0 else "RIGDEMO"
        board = board if board < 0 else board + self.first_board
        return f"{kind}{abs(board):0{17 - len(kind)}d}"

    def begins(self, seconds_in: float) -> datetime:
        since = self.happened.line.since
        return datetime(since.year, since.month, since.day, tzinfo=UTC) + timedelta(
            seconds=round(seconds_in, 3)
        )

    def plants(self) -> list[str]:
        """What is wrong with this line, in words."""
        line, found = self.happened.line, []
        if line.plants.place is not None:
            found.append(f"the contacts of {' '.join(line.places[line.plants.place])} wear out")
        if line.plants.lot is not None:
            found.append(f"lot {self.lot_name(line.plants.lot)} has weak chips")
        if line.plants.domain is not None:
            day = line.since + timedelta(days=line.plants.hot_day)
            found.append(f"domain {line.plants.domain} runs hot from {day} on")
        return found

    def told(self) -> tuple[Told, ...]:
        specs = self.plan.limits.measurements
        return tuple(
            Told(
                one.name,
                spec.says,
                spec.unit,
                spec.over.value,
                None if spec.limit is None else str(spec.limit),
                spec.code,
                one.size,
            )
            for one in self.layout
            for spec in [specs[one.name]]
        )


def demand_no_real_runs(results: Path) -> None:
    """Raises UsageError for a store with runs of a real bench: a drawn history does not belong there."""
    if (results / STORE_FILE).is_file():
        with transaction(results / STORE_FILE) as database:
            found = database.execute("SELECT count(*) FROM runs WHERE NOT simulated").fetchone()[0]
        if found:
            raise UsageError(
                f"{results}: found {found} runs of a real bench, expected a folder of its own for "
                "a drawn history"
            )


def keep(history: History, results: Path) -> int:
    """Put all runs and repairs into the store of ``results``, which is made; returns how many runs.

    Raises StationFault when the store cannot be used.
    """
    results.mkdir(parents=True, exist_ok=True)
    path = results / STORE_FILE
    Store(path)
    names = (*COLUMNS, "record", "state")
    insert = f"INSERT OR REPLACE INTO runs ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    rows: list[list[Any]] = []
    count = 0
    for record in records(history):
        rows.append(
            [record.get(name) for name in COLUMNS[:-1]]
            + [
                record["failure_code"] if record["board_verdict"] == "FAIL" else None,
                json.dumps(record, separators=(",", ":")),
                "closed",
            ]
        )
        count += 1
        if len(rows) == COMMIT_RUNS:
            with transaction(path) as database:
                database.executemany(insert, rows)
            rows.clear()
    with transaction(path) as database:
        database.executemany(insert, rows)
        database.executemany(
            f"INSERT INTO repairs ({', '.join(REPAIR_COLUMNS)}) "
            f"VALUES ({', '.join('?' * len(REPAIR_COLUMNS))})",
            [
                (
                    serial,
                    history.begins(one.seconds_in).isoformat(),
                    "repair",
                    one.code,
                    one.place,
                    "reflowed and cleaned",
                    "mia",
                    None,
                )
                for one in history.happened.repairs
                for serial in [history.serial(one.board)]
            ],
        )
    return count


def records(history: History) -> Iterator[dict[str, Any]]:
    """Every run as the plain data of a record, first to last. Valid by the schema; a test says so."""
    happened, told = history.happened, history.told()
    runs, images = happened.runs, _Images(history)
    plan = {
        "recipe.yaml": history.plan.hashes["recipe.yaml"],
        "limits.yaml": history.plan.hashes["limits.yaml"],
    }
    cycles = np.zeros(len(happened.line.places), np.int64)
    for at in range(len(runs)):
        station, slot = happened.line.places[runs.place[at]]
        cycles[runs.place[at]] += 1
        values = [None if value != value else value for value in history.matrix[:, at].tolist()]
        begins = history.begins(float(runs.seconds_in[at]))
        seconds = round(float(runs.length[at]), 3)
        code, stopped = str(runs.code[at]) or None, bool(runs.stopped[at])
        verdict = "STATION_FAULT" if stopped else "FAIL" if code else "PASS"
        serial = history.serial(int(runs.board[at]))
        chip, domain = (int(value) if value >= 0 else None for value in (runs.chip[at], runs.domain[at]))
        measurements = [
            _measurement(one, column, values, code) for one, column in zip(told, history.layout, strict=True)
        ]
        taken = {one["name"]: one["values"] for one in measurements if one is not None}
        yield {
            "schema_version": SCHEMA_VERSION,
            "run_id": f"{begins:%Y%m%dT%H%M%S}-{at:06x}",
            "serial": serial,
            "product": history.plan.product.product,
            "slot": slot,
            "station": station,
            "fixture": station,
            "operator": OPERATORS[begins.hour // 8],
            "simulated": True,
            "purpose": str(runs.purpose[at]),
            "started": begins.isoformat(),
            "made_by": {
                "rig_version": rig.__version__,
                "plan": plan,
                "backend": "drawn, not measured",
                "connector_cycles": int(cycles[runs.place[at]]),
            },
            "ended": (begins + timedelta(seconds=seconds)).isoformat(),
            "seconds": seconds,
            "verdict": verdict,
            "board_verdict": None if stopped else verdict,
            "grade": history.plan.recipe.levels[0].level if verdict == "PASS" else None,
            "failure_code": code,
            "failure_text": code and f"{code}: drawn, not measured.",
            "chips_found": _first(taken, "chips_found"),
            "board_rate": _first(taken, "board_hit_rate"),
            "watts": _first(taken, "board_watts"),
            "joules_per_terahash": _first(taken, "joules_per_terahash"),
            "findings": []
            if code is None
            else [
                {
                    "code": code,
                    "party": "station" if stopped else "board",
                    "severity": verdict,
                    "text": f"{code}: drawn, not measured.",
                    "chip": chip,
                    "domain": domain,
                }
            ],
            "measurements": [one for one in measurements if one is not None],
            "eeprom": images.of(int(runs.board[at]), serial),
            "next_step": None
            if stopped
            else {
                "action": "repair" if code else "ship",
                "why": f"The board {'failed' if code else 'passed'}.",
            },
        }


def _measurement(told: Told, column: Column, values: list[Any], code: str | None) -> dict[str, Any] | None:
    mine = values[column.start : column.start + column.size]
    if all(value is None for value in mine):
        return None
    failed = told.limit is not None and told.code == code and code is not None
    return {
        "name": told.name,
        "says": told.says,
        "unit": told.unit,
        "over": told.over,
        "values": mine,
        "limit": told.limit,
        "marginal_limit": None,
        "code": told.code,
        "outcome": "RECORDED" if told.limit is None else "FAIL" if failed else "PASS",
    }


def _first(taken: dict[str, list[Any]], name: str) -> Any:
    found = taken.get(name)
    return None if found is None else int(found[0]) if name == "chips_found" else found[0]


class _Images:
    """The boards' EEPROMs: lot, FT version and bin come from them."""

    def __init__(self, history: History) -> None:
        self._history = history

    def identity(self, board: int, serial: str) -> BoardIdentity:
        happened, golden = self._history.happened, board < 0
        lot = 0 if golden else int(happened.lot[board])
        return BoardIdentity(
            serial,
            self._history.plan.product.board_name,
            "GOLDEN" if golden else self._history.lot_name(lot),
            "C1",
            f"BM1370-{lot:02d}",
            f"F1V{1 + lot % 3:02d}B2C1",
            "4N",
            0 if golden else int(happened.bins[board]),
            1,
            1,
            1,
            1,
            1,
        )

    def of(self, board: int, serial: str) -> dict[str, Any]:
        image = encode_image(self.identity(board, serial)).hex()
        return {"before": image, "after": image, "read_back": True}
