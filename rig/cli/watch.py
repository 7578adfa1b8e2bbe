"""``rig watch``: is everything of a bench alive, told to a file, the dashboards and a webhook."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.errors import UsageError

if TYPE_CHECKING:
    import threading

    from rig.watch.alarms import Event
    from rig.watch.heartbeat import Heartbeat
    from rig.watch.place import Place

app = typer.Typer(invoke_without_command=True, no_args_is_help=False)

_NOT_WELL = 3
_BEAT_SECONDS = 20.0            # to systemd, well within its WatchdogSec
_Fixture = Annotated[Path | None, typer.Option("--fixture", help="Bench file, with a section watch.")]
_Results = Annotated[Path, typer.Option("--results", help="Folder the records are in.")]
_File = Annotated[
    Path | None, typer.Option("--file", help="Heartbeat file (default: watch/<fixture>.json in the results).")
]


@app.callback()
def watch(
    context: typer.Context,
    fixture: _Fixture = None,
    results: _Results = Path("results"),
    file: _File = None,
    once: Annotated[bool, typer.Option("--once", help="One round: exit 0 all well, else 3.")] = False,
) -> None:
    """Look at a bench's processes, disk, outbox and dates again and again, and tell what changes."""
    if context.invoked_subcommand is not None:
        context.obj = fixture
        return
    place = _place(fixture, results, file)
    if once:
        _one_round(place)
    else:
        _rounds(place)


@app.command()
def status(
    context: typer.Context, fixture: _Fixture = None, results: _Results = Path("results"), file: _File = None
) -> None:
    """What the watcher saw last. Exit 0 all well, 3 something is not, or the watcher is late."""
    from rig.clock import SystemClock
    from rig.watch.heartbeat import read_heartbeat

    place = _place(fixture or context.obj, results, file)
    found, now = read_heartbeat(place.heartbeat), SystemClock().utc()
    _show(found)
    late = now > found.next_due
    if late:
        typer.echo(f"NO WATCHER: its last word is of {found.at:%Y-%m-%d %H:%M:%S} UTC; start rig watch")
    raise typer.Exit(0 if found.well and not late else _NOT_WELL)


def _one_round(place: Place) -> None:
    from rig.clock import SystemClock
    from rig.watch.watcher import Watcher

    watcher, last = Watcher(place, SystemClock(), _say), None
    try:
        last = watcher.round()
    finally:
        watcher.close(last)
    _show(last)
    raise typer.Exit(0 if last.well else _NOT_WELL)


def _rounds(place: Place) -> None:
    """Until SIGTERM or Ctrl-C."""
    import signal
    import threading

    from rig.clock import SystemClock
    from rig.watch.watcher import Watcher

    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    watcher, last = Watcher(place, SystemClock(), _say), None
    try:
        while not told.is_set():
            last = watcher.round()
            _wait(told, place.entry.every_seconds)
    finally:
        watcher.close(last)


def _wait(told: threading.Event, seconds: float) -> None:
    """Until the next round is due; systemd hears of us meanwhile."""
    import time

    from rig.watch.notify import alive

    until = time.monotonic() + seconds
    while not told.is_set() and (left := until - time.monotonic()) > 0:
        alive()
        told.wait(min(left, _BEAT_SECONDS))


def _place(fixture: Path | None, results: Path, file: Path | None) -> Place:
    from rig.watch.place import Place

    if fixture is None:
        raise UsageError("watch: found no --fixture, expected a bench file")
    return Place.find(fixture, results, file)


def _show(heartbeat: Heartbeat) -> None:
    typer.echo(f"{heartbeat.station} {heartbeat.fixture}, {heartbeat.at:%Y-%m-%d %H:%M:%S} UTC")
    for sign in heartbeat.signs:
        mark = {True: "ok   ", None: "-    ", False: sign.gravity.value.upper().ljust(6)}[sign.well].ljust(7)
        typer.echo(f"{mark}{sign.name}: {sign.says}")
    typer.echo("All well." if heartbeat.well else "Something is not well.")


def _say(event: Event) -> None:
    """One line for the log of whoever started us."""
    sys.stderr.write(f"{event.gravity.value} {event.name} {event.happened.value}: {event.says}\n")
    sys.stderr.flush()
