"""``rig sim``: the simulated bench."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def sim(
    fixture: Annotated[Path, typer.Option(help="Fixture file of a simulated bench.")],
    scenario: Annotated[
        Path | None, typer.Option(help="Scenario file: which boards stand there and what is wrong.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the ports as one JSON line when the bench is ready.")
    ] = False,
    plans: Annotated[Path | None, typer.Option(help="Folder of test plans.")] = None,
    exit_when_idle: Annotated[
        float | None,
        typer.Option(help="Exit when no port was open and nothing live for so many seconds.", min=0.1),
    ] = None,
) -> None:
    """Run the simulated bench of a fixture until it is stopped."""
    from rig.clock import SystemClock
    from rig.sim.bench import serve_bench

    serve_bench(
        fixture, scenario, plans, SystemClock(), print_ports=as_json, idle_seconds=exit_when_idle
    )
