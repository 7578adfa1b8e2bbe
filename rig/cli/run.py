"""``rig run``: one board from scan to verdict."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.errors import RigError, UsageError
from rig.purpose import Purpose

if TYPE_CHECKING:
    from rig.pytestplugin.options import RunOptions
    from rig.pytestplugin.play import Played
    from rig.records.model import RunRecord
    from rig.records.summary import Summary


def run(
    product: Annotated[str, typer.Option(help="Product the board is: a folder of test plans.")],
    fixture: Annotated[Path, typer.Option(help="Bench file.")],
    slot: Annotated[str, typer.Option(help="Slot of the bench the board sits in.")],
    serial: Annotated[str, typer.Option(help="Serial scanned from the board.")],
    scenario: Annotated[
        Path | None, typer.Option(help="Scenario for a simulated bench: a fresh board goes in.")
    ] = None,
    operator: Annotated[str, typer.Option(help="Who runs the test.")] = "",
    results: Annotated[Path, typer.Option(help="Folder the record goes to.")] = Path("results"),
    plans: Annotated[Path | None, typer.Option(help="Folder of test plans.")] = None,
    purpose: Annotated[
        Purpose, typer.Option(help="What the run is for; only a test enters yield.")
    ] = Purpose.TEST,
    as_json: Annotated[
        bool, typer.Option("--json", help="End with one JSON object on the last line.")
    ] = False,
) -> None:
    """Test one board: exit 0 shippable, 1 board failed, 2 usage or file, 3 station fault, 4 aborted."""
    from rig.pytestplugin.options import RunOptions

    options = RunOptions(fixture, slot, product, serial, scenario, results, operator, plans, purpose)
    try:
        played = _test(options)
        code, record, path = played.code, played.record, played.path
        if played.untold:
            sys.stderr.write(f"rig: {played.untold}\n")
    except RigError as error:
        sys.stderr.write(f"rig: {error}\n")
        code, record, path = (2 if isinstance(error, UsageError) else 3), None, None
    except KeyboardInterrupt:
        sys.stderr.write(f"rig: stopped outside of a run; `rig show {options.serial}` tells what is kept\n")
        code, record, path = 4, None, None
    if as_json:
        sys.stdout.write(_summary(options, record, path).line() + "\n")
        sys.stdout.flush()
    raise typer.Exit(code)


def _test(options: RunOptions) -> Played:
    from rig.clock import SystemClock
    from rig.pytestplugin.play import play
    from rig.pytestplugin.progress import choose_progress
    from rig.pytestplugin.setup import prepare
    from rig.pytestplugin.stops import Signals
    from rig.pytestplugin.wired import wired_slot

    setup = prepare(options, SystemClock())
    with wired_slot(setup) as slot:
        progress = choose_progress(options.slot, options.serial)
        try:
            return play(setup, slot, progress, Signals())
        finally:
            progress.close()


def _summary(options: RunOptions, record: RunRecord | None, path: Path | None) -> Summary:
    from rig.records.summary import Summary

    if record is None or path is None:
        return Summary(serial=options.serial, product=options.product, slot=options.slot)
    return Summary.of(record, path)
