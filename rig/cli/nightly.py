"""``rig nightly``: golden boards on every free slot of a site, held against the nights before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rig.lab.site import Site


def nightly(
    site: Annotated[Path, typer.Option(help="Site file: benches, and which golden board is in which slot.")],
    results: Annotated[
        Path, typer.Option(help="Folder of the records; the nights before lie in its nights/, too.")
    ] = Path("results"),
    out: Annotated[
        Path | None, typer.Option(help="Folder for a copy of nightly.json, .xml and .html.")
    ] = None,
) -> None:
    """Make a night on this computer's benches: exit 0 all well, 1 a board or check failed, 2 site file,
    3 station fault, 4 stopped."""
    from rig.clock import SystemClock
    from rig.lab.site import load_site
    from rig.night.nightly import nightly as make_night

    asked = load_site(site)
    _check_planted(asked)
    made = make_night(asked, results, out, SystemClock(), typer.echo)
    summary = made.summary
    for hit in summary.hits:
        typer.echo(f"{'DRIFT' if hit.grave else 'note'}: {hit.about}, {hit.where}: {hit.says}")
    for path in made.files:
        typer.echo(f"written: {path}")
    typer.echo(f"{len(summary.left_on)} boards left on; the night came to exit code {summary.code.value}")
    raise typer.Exit(summary.code)


def _check_planted(site: Site) -> None:
    """Raises FileError or UsageError for a fault that no simulated bench knows or no such board can have."""
    from rig.recipe import find_plans, load_plan
    from rig.sim.scenario import parse_scenario

    names = {golden.product for bench in site.told.benches for golden in bench.slots.values()}
    plans = find_plans(site.plans)
    products = [load_plan(plans, name).product for name in sorted(names)]
    for planted in site.told.planted:
        values = {"boards": {"planted": {"faults": [dict(planted.fault)]}}}
        board = parse_scenario(values, site.file).board("planted")
        for product in products:
            board.check_fits(product)
