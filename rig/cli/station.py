"""``rig station``: the page of a bench with many slots, and the badges of who works there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rig.cli.station_badge import app as badge_app

app = typer.Typer(invoke_without_command=True, no_args_is_help=False)
app.add_typer(badge_app, name="badge")

BADGES = Path("badges.yaml")


@app.callback()
def station(
    context: typer.Context,
    fixture: Annotated[Path | None, typer.Option(help="Bench file.")] = None,
    product: Annotated[str | None, typer.Option(help="Product tested here (default: the bench's).")] = None,
    scenario: Annotated[
        Path | None, typer.Option(help="Scenario for a simulated bench: fresh boards go in.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8080,
    badges: Annotated[Path, typer.Option(help="File of badges.")] = BADGES,
    results: Annotated[Path, typer.Option(help="Folder the records go to.")] = Path("results"),
    plans: Annotated[Path | None, typer.Option(help="Folder of test plans.")] = None,
) -> None:
    """Test boards in all slots of a bench from one page, by scanner. Ends on Ctrl-C; runs go on."""
    if context.invoked_subcommand is not None:
        return
    from rig.errors import UsageError
    from rig.station.badges import load_badges
    from rig.station.place import Place
    from rig.station.serving import serve

    if fixture is None:
        raise UsageError("--fixture: found none, expected a bench file")
    place = Place.find(fixture, product, scenario, results, plans)
    known = load_badges(badges)
    if not known.badges:
        typer.echo(f"No badges in {badges} yet; make one: rig station badge add 0001 --name NAME")
    serve(place, known, host, port, lambda address: typer.echo(f"The station is up: {address}"))
