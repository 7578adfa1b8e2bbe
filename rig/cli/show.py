"""``rig show``: a board's whole life, or one run, from the station's store."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rig.errors import UsageError

if TYPE_CHECKING:
    from rig.records import RunRecord, Store


def show(
    wanted: Annotated[str, typer.Argument(metavar="SERIAL|RUN", help="A board's serial, or a run's id.")],
    results: Annotated[Path, typer.Option(help="Folder the records are in.")] = Path("results"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on one line instead.")] = False,
) -> None:
    """Tell a board's whole life, run by run, or everything that is kept of one run."""
    store = open_store(results)
    run = store.get(wanted)
    if run is not None:
        _tell_run(run, store, as_json=as_json)
    else:
        _tell_board(wanted, results, store, as_json=as_json)


def _tell_run(run: RunRecord, store: Store, *, as_json: bool) -> None:
    from rig.cli.telling import run_lines

    _say([json.dumps(_as_data(store, run))] if as_json else run_lines(run, store.state_of(run.run_id)))


def _tell_board(serial: str, results: Path, store: Store, *, as_json: bool) -> None:
    from rig.cli.telling import board_lines
    from rig.records import STORE_FILE
    from rig.records.plain import plain
    from rig.records.repairs import RepairBook

    runs, repairs = store.runs_of(serial), RepairBook(results / STORE_FILE).of(serial)
    if not runs and not repairs:
        raise UsageError(
            f"{serial}: found neither a board nor a run of that name in {results}, expected one that was "
            "tested there; check the serial, or give --results"
        )
    if as_json:
        _say([json.dumps({
            "serial": serial,
            "runs": [_as_data(store, run) for run in runs],
            "repairs": [plain(asdict(repair)) for repair in repairs],
        })])
    else:
        _say(board_lines(serial, runs, {run.run_id: store.state_of(run.run_id) for run in runs}, repairs))


def _say(lines: Iterable[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


def open_store(results: Path) -> Store:
    """The store in ``results``; none is made. Raises UsageError."""
    from rig.records import STORE_FILE, Store

    if not (results / STORE_FILE).is_file():
        raise UsageError(
            f"{results}: found no {STORE_FILE}, expected the store of a station; give --results"
        )
    return Store(results / STORE_FILE)


def _as_data(store: Store, run: RunRecord) -> dict[str, Any]:
    return {**run.model_dump(mode="json"), "state": store.state_of(run.run_id)}
