"""``rig instrument check``: what an instrument understands of its family, tried out on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from rig.errors import Role

if TYPE_CHECKING:
    from contextlib import ExitStack

    from rig.cli.lending import Lent
    from rig.instruments.check import Row
    from rig.instruments.inspection import Target

app = typer.Typer(no_args_is_help=True, help="Power supplies, power meters and scanners.")

_UNFIT, _STOPPED = 3, 4


@app.callback()
def _instrument() -> None:
    """Power supplies, power meters and scanners."""


@app.command()
def check(
    resource: Annotated[str, typer.Argument(help="VISA name, TCPIP::host::port::SOCKET.")],
    family: Annotated[str | None, typer.Option(help="Its family; else found by its identity.")] = None,
    role: Annotated[Role | None, typer.Option(help="What it is to be; else found.")] = None,
    volts: Annotated[float, typer.Option(min=0.05, help="What a supply is set to.")] = 1.0,
    amps: Annotated[float, typer.Option(min=0.01, help="Its current limit meanwhile.")] = 0.1,
    fixture: Annotated[Path | None, typer.Option(help="Bench file that names the resource.")] = None,
    product: Annotated[str | None, typer.Option(help="What a real bench's scanner is wired to.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Try an instrument out. A supply's output goes on for a moment, and is off at the end.

    Exit 0 when all that its role needs works, else 3.
    """
    import json
    from contextlib import ExitStack

    from rig.clock import SystemClock
    from rig.instruments.check_supply import OFF_AT_THE_END, Demand
    from rig.instruments.inspection import Target, inspect

    target = Target(resource, Demand(volts, amps), family, role)
    with ExitStack() as held:
        lent = _lent(target, fixture, held, product)
        _stop_once()
        rows: list[Row] = []

        def show(row: Row) -> None:
            rows.append(row)
            if not as_json:
                typer.echo(_line(row))
            if not row.name.startswith(OFF_AT_THE_END):
                lent.require()

        try:
            report = inspect(lent.target, SystemClock(), show=show)
        except KeyboardInterrupt:
            _stopped(resource, rows)
    if as_json:
        typer.echo(json.dumps(report.as_data()))
    else:
        what = report.role.value if report.role else "anything"
        typer.echo(f"Fit as {what}." if report.ok else f"Not fit as {what}.")
    _warn_if_live(resource, rows)
    raise typer.Exit(0 if report.ok else _UNFIT)


def _line(row: Row) -> str:
    from rig.instruments.check import Outcome

    needed = " " if not row.necessary or row.outcome is Outcome.OK else "!"
    return f"{row.outcome.value:<3}{needed} {row.name:<18} {row.why}"


def _stop_once() -> None:
    """A first Ctrl-C or SIGTERM ends the check, by way of switching off; a second changes nothing."""
    import signal
    from types import FrameType

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, stop)


def _stopped(resource: str, rows: list[Row]) -> NoReturn:
    typer.echo("rig: stopped; an output that was on has been ordered off", err=True)
    _warn_if_live(resource, rows)
    raise typer.Exit(_STOPPED)


def _warn_if_live(resource: str, rows: list[Row]) -> None:
    from rig.instruments.check import Outcome
    from rig.instruments.check_supply import OFF_AT_THE_END

    last = [row for row in rows if row.name.startswith(OFF_AT_THE_END)]
    if last and last[-1].outcome is Outcome.NO:
        typer.echo(f"rig: the output of {resource} may still be on: cut its mains by hand", err=True)


def _lent(target: Target, fixture: Path | None, held: ExitStack, product: str | None) -> Lent:
    """The target as a fixture file knows it, lent for the check; UsageError when it may not be."""
    from rig.cli.lending import Lent, as_named, refuse_if_guarded

    if fixture is not None:
        return as_named(target, fixture, held, product)
    refuse_if_guarded(target.resource)
    return Lent(target)
