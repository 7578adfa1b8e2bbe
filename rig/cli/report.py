"""``rig report``: the line, a station, a board, a lot as pages for quality; alarms for the station."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rig.qa.lake import Lake
    from rig.qa.select import Asked, Chosen
    from rig.qa.source import RunSource

app = typer.Typer(help="Reports from the store's records, each one HTML file.", no_args_is_help=True)

Out = Annotated[Path, typer.Option(help="HTML file to write.")]
Results = Annotated[Path, typer.Option(help="Folder the records are in.")]
Since = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day, UTC.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day, UTC.")]
Product = Annotated[str | None, typer.Option(help="Product, where there are several.")]
Simulated = Annotated[bool, typer.Option("--simulated", help="Simulated runs, and those alone.")]
Pdf = Annotated[bool, typer.Option("--pdf", help="A PDF beside it, too (needs the extra 'pdf').")]
Plant = Annotated[str | None, typer.Option(help="The plant's database: postgresql://user@host/database.")]
SpecName = Annotated[str | None, typer.Option(help="Version of recipe and limits whose numbers are told.")]


@app.command()
def line(
    out: Out,
    since: Since = None,
    until: Until = None,
    product: Product = None,
    station: Annotated[str | None, typer.Option(help="This station alone.")] = None,
    lot: Annotated[str | None, typer.Option(help="This lot alone.")] = None,
    spec: SpecName = None,
    simulated: Simulated = False,
    pdf: Pdf = False,
    plant: Plant = None,
    results: Results = Path("results"),
) -> None:
    """Yields, reasons, capability, drifts, and what needs a person. Exit 0 written, 2 wrongly asked."""
    from rig.qa.select import Asked

    _line(
        results, Asked(_day(since), _day(until), product, station, None, lot, simulated), spec, out, plant,
        pdf=pdf,
    )


def _line(
    results: Path, asked: Asked, spec: str | None, out: Path, plant: str | None, *, pdf: bool
) -> None:
    from rig.clock import SystemClock
    from rig.qa.line import Line, line_page
    from rig.qa.page import publish

    source, chosen = _choose(results, asked, out, plant, pdf=pdf)
    repairs = source.repairs()
    source.close()
    found = Line.of(chosen, spec)
    _tell(publish(line_page(found, repairs, SystemClock().utc()), out, pdf=pdf))
    for one in found.found.findings:
        typer.echo(f"needs a person: {one.name}: {one.evidence[0]}")


def _choose(
    results: Path, asked: Asked, out: Path, plant: str | None, *, pdf: bool
) -> tuple[RunSource, Chosen]:
    from rig.qa.page import demand_place
    from rig.qa.select import Chosen

    demand_place(out, pdf=pdf)
    source = _source(results, plant)
    return source, Chosen(_lake(results, plant, source), asked)


def _source(results: Path, plant: str | None) -> RunSource:
    """The station's store in ``results``, or the plant's database."""
    if plant is None:
        from rig.qa.source import StationStore

        return StationStore(results)
    from rig.qa.plant_source import PlantRuns
    from rig.records.plant.address import PlantAddress

    return PlantRuns(PlantAddress.of(plant, None))


def _lake(results: Path, plant: str | None, source: RunSource) -> Lake:
    from rig.clock import SystemClock
    from rig.qa import lake, plant_source

    folder = lake.FOLDER if plant is None else plant_source.FOLDER
    return lake.refresh(source, results / folder, SystemClock().utc().date())


def _tell(written: list[Path]) -> None:
    for path in written:
        typer.echo(f"written: {path}")


def _day(value: datetime | None) -> date | None:
    return None if value is None else value.date()


@app.command()
def lot(
    lot: Annotated[str, typer.Option(help="The lot.")],
    out: Out,
    since: Since = None,
    until: Until = None,
    product: Product = None,
    spec: SpecName = None,
    simulated: Simulated = False,
    pdf: Pdf = False,
    plant: Plant = None,
    results: Results = Path("results"),
) -> None:
    """One lot's boards, told as the line's are. Exit codes as line's."""
    from rig.qa.select import Asked

    asked = Asked(_day(since), _day(until), product, None, None, lot, simulated)
    _line(results, asked, spec, out, plant, pdf=pdf)


@app.command()
def station(
    station: Annotated[str, typer.Option(help="The station.")],
    out: Out,
    since: Since = None,
    until: Until = None,
    product: Product = None,
    spec: SpecName = None,
    simulated: Simulated = False,
    pdf: Pdf = False,
    plant: Plant = None,
    results: Results = Path("results"),
) -> None:
    """Golden boards, slots against each other, contacts, stops, calibration, gauge studies."""
    from rig.clock import SystemClock
    from rig.qa.gauge_result import studies_of
    from rig.qa.line import Line
    from rig.qa.page import publish
    from rig.qa.select import Asked
    from rig.qa.station import station_page

    asked = Asked(_day(since), _day(until), product, station, None, None, simulated)
    source, chosen = _choose(results, asked, out, plant, pdf=pdf)
    studies = studies_of(results, station, simulated=simulated)
    wear = source.wear()
    source.close()
    page = station_page(Line.of(chosen, spec), wear, studies, SystemClock().utc())
    _tell(publish(page, out, pdf=pdf))


@app.command()
def board(
    wanted: Annotated[
        str, typer.Argument(metavar="SERIAL|RUN", help="A run's id, or a board's serial: its last run.")
    ],
    out: Out,
    pdf: Pdf = False,
    plant: Plant = None,
    results: Results = Path("results"),
) -> None:
    """One run on one page: verdict, map, curves, every measurement against its limit."""
    from rig.clock import SystemClock
    from rig.errors import UsageError
    from rig.qa.board import board_page, folder_of, passport_of
    from rig.qa.page import demand_place, publish

    demand_place(out, pdf=pdf)
    source = _source(results, plant)
    kept = source.run(wanted) or source.last_of(wanted)
    source.close()
    if kept is None:
        raise UsageError(
            f"{wanted[:80]}: found neither a run nor a board of that name in {results}; check the serial"
        )
    folder = folder_of(results, kept)
    _tell(publish(board_page(kept, folder, passport_of(results, kept), SystemClock().utc()), out, pdf=pdf))


@app.command()
def alarms(
    station: Annotated[str | None, typer.Option(help="This station alone.")] = None,
    product: Product = None,
    simulated: Simulated = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on one line instead.")] = False,
    results: Results = Path("results"),
) -> None:
    """What the last boards ring for: same codes in a row, a drop of yield, rule hits. Exit 1 if any."""
    import json

    from rig.clock import SystemClock
    from rig.qa.alarms import alarms_of
    from rig.qa.select import Asked

    lake = _lake(results, None, _source(results, None))
    asked = Asked(product=product, station=station, simulated=simulated)
    found = alarms_of(lake, asked, SystemClock().utc().date())
    if as_json:
        typer.echo(json.dumps({"alarms": [one.model_dump(mode="json") for one in found]}))
    else:
        for one in found:
            typer.echo(f"{one.place}: {one.says}{' - lock' if one.locks else ''}")
        if not found:
            typer.echo("no alarms")
    if found:
        raise typer.Exit(1)
