"""``rig demo-history``: a line's months, drawn, to try the reports on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo_history(
    results: Annotated[Path, typer.Option(help="Folder of its own for the store that is made.")],
    boards: Annotated[int, typer.Option(min=1, max=1_000_000, help="Boards on the line.")] = 20_000,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days up to yesterday (UTC).")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same history.")] = 1,
    planted: Annotated[
        bool,
        typer.Option("--planted/--sound", help="With a worn slot, a weak lot and a hot domain, or without."),
    ] = True,
    product: Annotated[str, typer.Option(help="Product whose measurements are drawn.")] = "s21pro",
    plans: Annotated[Path | None, typer.Option(help="Folder of test plans.")] = None,
) -> None:
    """Draw a history and keep it as records in the store of --results, every one marked simulated.

    20,000 boards take about half a minute. Reports show it with --simulated.
    """
    from datetime import timedelta

    from rig.clock import SystemClock
    from rig.qa.history import Line
    from rig.qa.history_keep import History, demand_no_real_runs, keep
    from rig.recipe import find_plans, load_plan

    demand_no_real_runs(results)
    plan = load_plan(find_plans(plans), product)
    until = SystemClock().utc().date() - timedelta(days=1)
    line = Line.planted(boards, days, seed, until) if planted else Line(boards, days, seed, until)
    history = History.of(line, plan)
    runs = keep(history, results)
    typer.echo(
        f"{runs} runs of {boards} boards from {line.since} to {until} are in {results}, all marked simulated"
    )
    for text in history.plants():
        typer.echo(f"planted: {text}")
    typer.echo(f"now: rig report line --simulated --results {results} --out line.html")
