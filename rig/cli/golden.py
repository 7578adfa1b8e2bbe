"""``rig golden``: boards that are known to be good, and whether the station still sees them so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Golden boards: limits from a board's own history.", no_args_is_help=True)

Serial = Annotated[str, typer.Argument(metavar="SERIAL", help="Serial of the golden board.")]
Results = Annotated[Path, typer.Option(help="Folder the records are in.")]


@app.command()
def enrol(
    serial: Serial,
    operator: Annotated[str, typer.Option(help="Who answers for it.")],
    simulated: Annotated[bool, typer.Option("--simulated", help="A board of a simulated bench.")] = False,
    results: Results = Path("results"),
) -> None:
    """Take a board's good runs so far as what it must stay like. Exit 2 when they are too few."""
    from rig.cli.show import open_store
    from rig.clock import SystemClock
    from rig.station.golden import enrol as enrol_board

    open_store(results)
    board = enrol_board(results, serial, operator, SystemClock().utc(), simulated=simulated)
    typer.echo(f"{serial}: golden from now on, for {board.product}")
    for name, past in board.past.items():
        typer.echo(f"  {name}: {past.mean:.6g} ± {past.sigma:.2g} (one sigma of {past.n} runs)")


@app.command()
def check(serial: Serial, results: Results = Path("results")) -> None:
    """Hold its last golden run (`rig run --purpose golden`) against its past. Exit 0 good, 1 not."""
    from rig.cli.show import open_store
    from rig.errors import UsageError
    from rig.station.golden import checks_so_far, last_check, load_book

    open_store(results)
    board = load_book(results).boards.get(serial)
    if board is None:
        raise UsageError(f"{serial}: found no such golden board in {results}; enrol it first")
    last = last_check(results, board)
    if last is None:
        raise UsageError(
            f"{serial}: found no golden run since its enrolment; make one: rig run --purpose golden"
        )
    if not last.problems:
        number = checks_so_far(results, board)
        typer.echo(f"{serial}: good at {last.at:%Y-%m-%dT%H:%M:%SZ}, check {number} since its enrolment")
        return
    typer.echo(f"{serial}: STN-GOLDEN at {last.at:%Y-%m-%dT%H:%M:%SZ}")
    for problem in last.problems:
        typer.echo(f"  {problem}")
    typer.echo("  Next: find out what has changed at the station; production stays locked until it is good.")
    raise typer.Exit(1)
