"""``rig repair``: what was done to boards, and releases from quarantine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.cli.show import open_store

if TYPE_CHECKING:
    from rig.records.repairs import Repair, RepairBook

app = typer.Typer(help="Keep what was done to boards; the retest policy goes by it.", no_args_is_help=True)

Serial = Annotated[str, typer.Argument(metavar="SERIAL", help="Serial of the board.")]
Operator = Annotated[str, typer.Option(help="Who did it.")]
Run = Annotated[str | None, typer.Option("--run", help="The run that led to it (default: the board's last).")]
Results = Annotated[Path, typer.Option(help="Folder the records are in.")]


@app.command()
def log(
    serial: Serial,
    code: Annotated[str, typer.Option(help="Failure code it was repaired for.")],
    place: Annotated[str, typer.Option(help="Where on the board.")],
    did: Annotated[str, typer.Option(help="What was done.")],
    operator: Operator,
    run: Run = None,
    results: Results = Path("results"),
) -> None:
    """Keep a repair. Exit 0 kept, 2 not as it must be, 3 the store cannot be used."""
    from rig.clock import SystemClock
    from rig.records.repairs import Kind, Repair

    _keep(results, Repair.told(
        serial, SystemClock().utc(), Kind.REPAIR, did=did, operator=operator, code=code, place=place,
        run_id=run,
    ))


@app.command()
def release(
    serial: Serial,
    why: Annotated[str, typer.Option(help="Why it may be run again.")],
    operator: Operator,
    run: Run = None,
    results: Results = Path("results"),
) -> None:
    """Let a board out of quarantine: its runs and repairs are counted afresh. Exit codes as log's."""
    from rig.clock import SystemClock
    from rig.records.repairs import Kind, Repair

    _keep(results, Repair.told(
        serial, SystemClock().utc(), Kind.RELEASE, did=why, operator=operator, run_id=run,
    ))


@app.command("list")
def show(serial: Serial, results: Results = Path("results")) -> None:
    """Print a board's repairs and releases, first to last; `rig show` tells its runs, too."""
    repairs = _book(results).of(serial)
    for repair in repairs:
        typer.echo(f"{repair.at:%Y-%m-%dT%H:%M:%SZ}  {_says(repair)}")
    if not repairs:
        typer.echo(f"{serial}: no repairs")


def _keep(results: Path, repair: Repair) -> None:
    kept = _book(results).keep(repair)
    after = f"after run {kept.run_id}" if kept.run_id else "of a board without runs"
    typer.echo(f"{kept.serial}: {kept.kind.value} kept, {after}")


def _book(results: Path) -> RepairBook:
    """Of a store that is there: a mistyped folder must not become one. Raises UsageError."""
    from rig.records import STORE_FILE
    from rig.records.repairs import RepairBook

    open_store(results)
    return RepairBook(results / STORE_FILE)


def _says(repair: Repair) -> str:
    from rig.records.repairs import Kind

    after = f" after run {repair.run_id}" if repair.run_id else ""
    if repair.kind is Kind.RELEASE:
        return f"released by {repair.operator}{after}: {repair.did}"
    return f"repaired for {repair.code} by {repair.operator}{after}, at {repair.place}: {repair.did}"
