"""``rig guard``: the process that owns everything dangerous, a look at it, and a person's word to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rig.guard.client import GuardClient

app = typer.Typer(invoke_without_command=True, no_args_is_help=False)

_Fixture = Annotated[Path | None, typer.Option("--fixture", help="Bench file.")]
_Json = Annotated[bool, typer.Option("--json", help="Everything, as JSON.")]


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
def status(context: typer.Context, fixture: _Fixture = None, as_json: _Json = False) -> None:
    """What the guard that is up knows of its slots."""
    with _client(_required(fixture or context.obj)) as client:
        slots = client.status()
    if as_json:
        typer.echo(json.dumps(slots, indent=2))
    else:
        _show(slots)


@app.command()
def release(
    context: typer.Context,
    target: Annotated[
        str, typer.Argument(metavar="SLOT|FIXTURE", help="A slot, or all by the fixture's name.")
    ],
    operator: Annotated[str, typer.Option(help="Who answers for it; goes to the log.")],
    fixture: _Fixture = None,
    volts: Annotated[
        float | None, typer.Option(min=0, help="What you measured at the board, for a hot slot.")
    ] = None,
) -> None:
    """Release a latched e-stop or a hot slot, in your name. Nothing is switched on by it."""
    from rig.errors import UsageError
    from rig.fixture.processes import ensure_guard
    from rig.runtime import runtime_for

    if not operator.strip():
        raise UsageError("--operator: found no name, expected that of the person who answers for it")
    file = _required(fixture or context.obj)
    ensure_guard(file.resolve(), runtime_for(file))
    with _client(file) as client:
        released = client.release(target, operator, volts)
    for slot, what in released.items():
        typer.echo(f"{slot}: released {what}, by {operator}")


@contextmanager
def _client(file: Path) -> Iterator[GuardClient]:
    from rig.clock import SystemClock
    from rig.fixturefile import load_fixture
    from rig.guard.client import GuardClient
    from rig.runtime import runtime_for

    load_fixture(file)
    client = GuardClient(runtime_for(file).guard_socket, "", "status", SystemClock())
    try:
        yield client
    finally:
        client.close()


def _show(slots: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("slot", "state", "hands", "lease", "volts", "amps", "°C", "what is wrong")
    for name, slot in slots.items():
        hands = "may go in" if slot["unload"]["safe"] and slot["state"] == "off" else "[bold red]keep off[/]"
        table.add_row(name, slot["state"], hands, *_figures(slot), "; ".join(_wrong(slot)) or "-")
    Console().print(table)


def _figures(slot: dict[str, Any]) -> tuple[str, str, str, str]:
    lease, loan, supply = slot["lease"], slot["loan"], slot["supply"] or {}
    left = "" if lease is None or lease["seconds_left"] is None else f", {lease['seconds_left']:.0f} s left"
    held = "-" if loan is None else f"lent to process {loan['pid']}, {loan['seconds_left']:.0f} s left"
    return (
        held if lease is None else f"{lease['run']} ({lease['phase']}{left})",
        _figure(supply.get("volts"), ".2f"),
        _figure(supply.get("amps"), ".1f"),
        "-" if slot["hottest_celsius"] is None else f"{slot['hottest_celsius']:.0f}",
    )


def _figure(number: dict[str, Any] | None, form: str) -> str:
    return "-" if number is None or number["value"] is None else format(number["value"], form)


def _wrong(slot: dict[str, Any]) -> Iterator[str]:
    """Everything a person should know of a slot, the gravest first."""
    if slot["latched"] is not None:
        yield f"e-stop latched since {slot['latched']['since']}"
    pins = slot["interlocks"] or {}
    yield from (
        said for pin, said in (
            ("estop_closed", "e-stop loop open"), ("lid_closed", "lid open"), ("seated", "no board seated"),
        ) if pins.get(pin) is False
    )
    for fault in (slot["supply_fault"], slot["bridge_fault"]):
        if fault is not None:
            yield str(fault)
    trip = (slot["lease"] or {}).get("trip") or slot["last_trip"]
    if trip is not None:
        yield f"last trip {trip['code']}: {trip['reason']}"
    if slot["state"] == "hot":
        yield str(slot["unload"]["why"]) or "not proved safe"


def _required(fixture: Path | None) -> Path:
    from rig.errors import UsageError

    if fixture is None:
        raise UsageError("guard: found no --fixture, expected a bench file")
    return fixture
