"""``rig outbox``: what is on its way from the station to the plant and to the dashboards."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rig.records.outbox.service import WaysOut
    from rig.records.outbox.status import DestinationStatus, OutboxStatus
    from rig.records.outbox.uploader import Traffic

app = typer.Typer(
    help="Runs and repairs on their way to the plant, telemetry to its server.", no_args_is_help=True
)

Results = Annotated[Path, typer.Option(help="Folder the records are in.")]
Url = Annotated[str | None, typer.Option(help="The plant's database (default: $RIG_PLANT, bench file).")]
Fixture = Annotated[Path | None, typer.Option(help="Bench file: its sections plant, telemetry and mes.")]


@app.command()
def run(fixture: Fixture = None, results: Results = Path("results"), url: Url = None) -> None:
    """Send, until SIGTERM or Ctrl-C; what was not acknowledged is sent again.

    Exit 0 ended when told, 2 nothing to send to, or another process sends; 3 a fault of the station.
    """
    import signal
    import threading

    from rig.clock import SystemClock
    from rig.errors import UsageError
    from rig.records.outbox.service import Outbox
    from rig.records.outbox.uploader import Going

    ways = _ways(fixture, url)
    if ways.plant is None and ways.telemetry is None and ways.mes is None:
        raise UsageError("found nothing to send to, expected --url, $RIG_PLANT, or a bench file with the "
                         "section plant, telemetry or mes")
    if not results.is_dir():
        raise UsageError(f"{results}: found no such folder, expected a station's results; give --results")
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with Outbox(results, ways, SystemClock(), _say) as outbox:
        while not told.wait(1.0):
            traffic = [one.traffic for one in outbox.status().destinations]
            if any(one is not None and one.going is Going.ENDED for one in traffic):
                raise typer.Exit(3)


@app.command()
def status(
    fixture: Fixture = None,
    results: Results = Path("results"),
    url: Url = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """What waits, since when, and what somebody must look at. Exit 0 all well, 1 an alarm, 2, 3."""
    found = _status(fixture, results, url)
    if as_json:
        typer.echo(found.line())
    else:
        for line in _lines(found):
            typer.echo(line)
    raise typer.Exit(1 if found.alarms else 0)


@app.command()
def retry(fixture: Fixture = None, results: Results = Path("results")) -> None:
    """Put all dead letters back into their queues; say first what mended them."""
    from rig.clock import SystemClock
    from rig.records.outbox.results import ResultQueue
    from rig.records.outbox.service import mes_queue, open_spool
    from rig.records.write import STORE_FILE

    _demand_store(results)
    clock, ways = SystemClock(), _ways(fixture, None)
    typer.echo(f"plant: {ResultQueue(results / STORE_FILE, clock).retry()} put back")
    if ways.telemetry is not None:
        typer.echo(f"telemetry: {open_spool(results, ways.telemetry, clock).retry()} lines put back")
    if ways.mes is not None:
        typer.echo(f"mes: {mes_queue(results, ways, clock).retry()} put back")


@app.command()
def letters(fixture: Fixture = None, results: Results = Path("results")) -> None:
    """Print the dead letters: when, which, and why they were refused."""
    from rig.clock import SystemClock
    from rig.records.outbox.results import ResultQueue
    from rig.records.outbox.service import mes_queue, open_spool
    from rig.records.write import STORE_FILE

    _demand_store(results)
    clock, ways, found = SystemClock(), _ways(fixture, None), []
    found += [("plant", one) for one in ResultQueue(results / STORE_FILE, clock).dead_letters()]
    if ways.telemetry is not None:
        found += [("telemetry", one) for one in open_spool(results, ways.telemetry, clock).dead_letters()]
    if ways.mes is not None:
        found += [("mes", one) for one in mes_queue(results, ways, clock).dead_letters()]
    for name, letter in found:
        typer.echo(f"{letter.at:%Y-%m-%dT%H:%M:%SZ}  {name}  {letter.what[:120]}\n    {letter.reason}")
    if not found:
        typer.echo("no dead letters")


def _status(fixture: Path | None, results: Path, url: str | None) -> OutboxStatus:
    from rig.clock import SystemClock
    from rig.records.outbox.service import status

    _demand_store(results)
    return status(results, _ways(fixture, url), SystemClock())


def _ways(fixture: Path | None, url: str | None) -> WaysOut:
    from rig.fixturefile import load_fixture
    from rig.records.outbox.service import WaysOut

    return WaysOut.of(load_fixture(fixture) if fixture else None, url)


def _demand_store(results: Path) -> None:
    """A mistyped folder must not become one."""
    from rig.cli.show import open_store

    open_store(results)


def _lines(found: OutboxStatus) -> list[str]:
    lines = ["sending" if found.running else "nobody sends: start `rig outbox run`"]
    for one in found.destinations:
        lines += _destination(one)
    lines += [f"ALARM {alarm}" for alarm in found.alarms]
    return lines


def _destination(one: DestinationStatus) -> list[str]:
    unit = "runs and repairs" if one.most_bytes is None else "lines"
    age = "" if one.oldest_seconds is None else f", the oldest since {one.oldest_seconds:.0f} s"
    room = "" if one.most_bytes is None else f" of {one.most_bytes / 1e6:.0f}"
    lines = [
        f"{one.name}: {one.address or 'no address'}",
        f"  {one.depth} {unit} wait, {one.size / 1e6:.1f}{room} MB{age}; {one.dead_letters} dead letters",
    ]
    if one.traffic is not None:
        sent = f"{one.traffic.last_sent:%Y-%m-%d %H:%M:%S} UTC" if one.traffic.last_sent else "never"
        lines.append(f"  {one.traffic.going.value}, last sent {sent} {one.traffic.reason}".rstrip())
    if not one.is_durable:
        lines.append("  this kind of server may lose what it took in its last seconds when it dies")
    return lines


def _say(name: str, traffic: Traffic) -> None:
    """One line for the log of whoever started us."""
    sys.stderr.write(f"{name}: {traffic.going.value} {traffic.reason}".rstrip() + "\n")
    sys.stderr.flush()
