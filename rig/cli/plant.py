"""``rig plant``: the plant's database, made ready and looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rig.records.plant.address import PlantAddress

app = typer.Typer(help="The plant's PostgreSQL: runs and repairs of all stations.", no_args_is_help=True)

Url = Annotated[str | None, typer.Option(help="postgresql://user@host/database (default: $RIG_PLANT).")]
Fixture = Annotated[Path | None, typer.Option(help="Bench file whose section plant names the database.")]


@app.command()
def init(
    url: Url = None,
    fixture: Fixture = None,
    roles: Annotated[
        bool, typer.Option("--roles", help="Make group roles, too: rig_station writes, rig_qa reads.")
    ] = False,
) -> None:
    """Make its tables, or bring older ones up to date; may be done again at any time.

    Exit 0 done, 2 address or file wrong, 3 the database did not let us.
    """
    from rig.records.plant.migrations import READER_ROLE, STATION_ROLE, grant, prepare
    from rig.records.plant.postgres import PlantConnection

    plant = PlantConnection(_address(url, fixture))
    try:
        before, after = prepare(plant)
        typer.echo(f"{plant.address.url}: " + (
            f"tables of version {after} made" if not before else
            f"tables brought from version {before} to {after}" if before < after else
            f"tables of version {after}, as they should be"
        ))
        if roles:
            grant(plant)
            typer.echo(f"roles: {STATION_ROLE} writes, {READER_ROLE} reads")
    finally:
        plant.close()


@app.command()
def status(
    url: Url = None,
    fixture: Fixture = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """What the plant has of which station. Exit 0 it answers, 2 address or file wrong, 3 it does not."""
    from rig.records.plant.migrations import VERSION
    from rig.records.plant.store import PlantStore

    address = _address(url, fixture)
    plant = PlantStore(address)
    try:
        stations, (runs, repairs) = plant.stations(), plant.counts()
    finally:
        plant.close()
    if as_json:
        typer.echo(json.dumps({
            "plant": address.url, "version": VERSION, "runs": runs, "repairs": repairs,
            "stations": [
                {"station": one.station, "runs": one.runs, "last": one.last.isoformat()} for one in stations
            ],
        }))
        return
    typer.echo(f"{address.url}: version {VERSION}, {runs} runs, {repairs} repairs")
    for one in stations:
        typer.echo(f"  {one.station:<24} {one.runs:>8} runs, the last came {one.last:%Y-%m-%d %H:%M:%S} UTC")


def _address(url: str | None, fixture: Path | None) -> PlantAddress:
    from rig.fixturefile import load_fixture
    from rig.records.plant.address import PlantAddress

    return PlantAddress.of(url, load_fixture(fixture).plant if fixture else None)
