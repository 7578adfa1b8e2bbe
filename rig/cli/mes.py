"""``rig mes``: what the factory's system is owed, and telling it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.cli.show import open_store
from rig.errors import UsageError

if TYPE_CHECKING:
    from rig.records.mes import OwedBook

app = typer.Typer(help="The factory's system: what it is owed, and telling it.", no_args_is_help=True)

Bench = Annotated[Path, typer.Option(help="Bench file, whose `mes:` names the system.")]
Results = Annotated[Path, typer.Option(help="Folder the records are in.")]


@app.command()
def status(fixture: Bench, results: Results = Path("results")) -> None:
    """List the runs that the system does not have. Exit 0 none, 1 some, 2 usage or file, 3 the store."""
    waiting = _book(fixture, results).waiting()
    for one in waiting:
        why = f": {one.reason}" if one.reason else ""
        typer.echo(f"{one.run_id}  {one.serial}  {one.owing.value}{why}")
    typer.echo(f"{len(waiting)} runs are owed to the MES" if waiting else "the MES has every run it is owed")
    raise typer.Exit(bool(waiting))


@app.command()
def resend(
    fixture: Bench,
    results: Results = Path("results"),
    refused: Annotated[bool, typer.Option("--refused", help="Those that it refused, too.")] = False,
) -> None:
    """Tell the system what it is owed. Exit 0 it has all, 1 it refuses some, 2 file, 3 it is away."""
    from rig.clock import SystemClock
    from rig.fixturefile import load_fixture
    from rig.records.mes import MesClient, deliver_owed
    from rig.records.mes.owed import Owing

    book, entry = _book(fixture, results), load_fixture(fixture).mes
    if entry is None:
        raise UsageError(f"{fixture}: mes: found nothing, expected the section that names the MES")
    owed = [one for one in book.waiting() if refused or one.owing is Owing.WAITING]
    told = deliver_owed(book, MesClient(entry, SystemClock()), owed)
    left = book.waiting()
    for one in left:
        typer.echo(f"{one.run_id}  {one.serial}  {one.owing.value}: {one.reason}")
    typer.echo(f"{told} runs told, {len(left)} refused")
    raise typer.Exit(bool(left))


def _book(fixture: Path, results: Path) -> OwedBook:
    from rig.clock import SystemClock
    from rig.fixturefile import load_fixture
    from rig.records import STORE_FILE
    from rig.records.mes import OwedBook

    open_store(results)
    return OwedBook(results / STORE_FILE, load_fixture(fixture).fixture, SystemClock())
