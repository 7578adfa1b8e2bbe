"""``rig guard``: the process that owns everything dangerous, and a look at it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(invoke_without_command=True, no_args_is_help=False)

_Fixture = Annotated[Path | None, typer.Option("--fixture", help="Bench file.")]


@app.callback()
def guard(
    context: typer.Context,
    fixture: _Fixture = None,
    exit_when_idle: Annotated[
        float | None, typer.Option(min=0, help="End after so many seconds without a lease and all off.")
    ] = None,
) -> None:
    """Own a fixture's supplies, interlocks and discharge; switch off whatever loses its lease."""
    if context.invoked_subcommand is not None:
        context.obj = fixture
        return
    from rig.clock import SystemClock
    from rig.fixturefile import load_fixture
    from rig.guard.server import serve
    from rig.runtime import runtime_for

    file = _required(fixture)
    serve(load_fixture(file), runtime_for(file), SystemClock(), exit_when_idle)


@app.command()
def status(context: typer.Context, fixture: _Fixture = None) -> None:
    """What the guard that is up knows of its slots, as JSON."""
    from rig.clock import SystemClock
    from rig.fixturefile import load_fixture
    from rig.guard.client import GuardClient
    from rig.runtime import runtime_for

    file = _required(fixture or context.obj)
    load_fixture(file)
    client = GuardClient(runtime_for(file).guard_socket, "", "status", SystemClock())
    try:
        typer.echo(json.dumps(client.status(), indent=2))
    finally:
        client.close()


def _required(fixture: Path | None) -> Path:
    from rig.errors import UsageError

    if fixture is None:
        raise UsageError("guard: found no --fixture, expected a bench file")
    return fixture
