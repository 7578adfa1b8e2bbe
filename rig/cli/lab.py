"""``rig lab``: labgrid's coordinator and exporter beside a bench, so that a CI can ask for its slots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rig.lab.lab import LabState
    from rig.lab.session import Place
    from rig.lab.word import StationWord

app = typer.Typer(help="Offer a bench's slots as labgrid places.", no_args_is_help=True)

_Fixture = Annotated[Path, typer.Option(help="Bench file.")]
_Results = Annotated[Path, typer.Option(help="Where the station keeps its self-test and its golden boards.")]


@app.command()
def up(
    fixture: _Fixture,
    host: Annotated[
        str, typer.Option(help="Address of this computer to listen on; others reach the loopback not.")
    ] = "127.0.0.1",
    coordinator: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Use this coordinator in place of one here.")
    ] = None,
    results: _Results = Path("results"),
) -> None:
    """Start what is not up, make a place of every slot, withhold those that are not fit. Powers nothing."""
    from rig.lab.lab import Lab

    _show(Lab(fixture).up(host, coordinator, _word(fixture, results)))


@app.command()
def status(fixture: _Fixture) -> None:
    """Who has which slot. Exit 0 when every slot can be asked for, else 3."""
    from rig.lab.lab import Lab

    state = Lab(fixture).state()
    _show(state)
    if not state.whole:
        raise typer.Exit(3)


@app.command()
def down(fixture: _Fixture) -> None:
    """End this bench's exporter and coordinator. Runs that have a place go on to their end."""
    from rig.lab.lab import Lab

    ended = Lab(fixture).down()
    typer.echo(f"ended: {', '.join(ended)}" if ended else "nothing was up")


def _word(file: Path, results: Path) -> StationWord:
    from rig.clock import SystemClock
    from rig.fixturefile import load_fixture
    from rig.station.fitness import station_word

    return station_word(load_fixture(file), results, SystemClock().utc())


def _show(state: LabState) -> None:
    answers = "answers" if state.coordinator_answers else "does not answer"
    here = f", process {state.coordinator_pid} of this bench" if state.coordinator_pid else ""
    typer.echo(f"coordinator  {state.address or 'none yet'}: {answers}{here}")
    typer.echo(f"exporter     {f'up, process {state.exporter_pid}' if state.exporter_pid else 'down'}")
    for place in state.places:
        typer.echo(f"{place.name}  {_standing(place, state.problems.get(place.name))}")


def _standing(place: Place, problem: str | None) -> str:
    if place.slot is None:
        return "not offered"
    if problem is not None:
        return f"withheld: {problem}"
    return place.acquired or (f"free, but for tests: {place.why}" if place.why else "free")
