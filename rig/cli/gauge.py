"""``rig gauge``: studies of how well the station measures: planned, walked through, told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rig.qa.gauge_plan import Step

app = typer.Typer(
    help="Gauge studies: boards × slots × trials, or one board many times.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the study.")]
Results = Annotated[Path, typer.Option(help="Folder the records are in.")]


@app.command()
def plan(
    name: Name,
    product: Annotated[str, typer.Option(help="Product the boards are.")],
    fixture: Annotated[Path, typer.Option(help="Bench file.")],
    boards: Annotated[str, typer.Option(help="Serials, commas between.")],
    slots: Annotated[str, typer.Option(help="Slots, commas between.")],
    trials: Annotated[int, typer.Option(min=2, help="How often each board in each slot.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Of the random order.")] = 1,
    reference: Annotated[
        list[str] | None, typer.Option(help="MEASUREMENT=VALUE: what the board is known to be (type 1).")
    ] = None,
    results: Results = Path("results"),
) -> None:
    """Begin a study: two boards and slots or more, or one of each for a type-1 study. Powers nothing."""
    from rig.datafile import load
    from rig.errors import UsageError
    from rig.fixturefile import FixtureFile
    from rig.qa.gauge_plan import GaugePlan, Study

    known = load(fixture, FixtureFile).slots
    wanted = _names(slots)
    for slot in wanted:
        if slot not in known:
            raise UsageError(f"--slots: found {slot!r}, expected slots of {fixture}: {', '.join(known)}")
    drawn = GaugePlan.drawn(
        name, product, fixture, _names(boards), wanted, trials, seed, _references(reference or [])
    )
    study = Study.at(results, name)
    study.begin(drawn)
    typer.echo(
        f"{study.folder}: {len(drawn.steps)} runs planned, in random order; go on with rig gauge run {name}"
    )


@app.command()
def run(
    name: Name,
    operator: Annotated[str, typer.Option(help="Who runs the trials.")] = "",
    plans: Annotated[Path | None, typer.Option(help="Folder of test plans.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for a simulated bench.")] = False,
    results: Results = Path("results"),
) -> None:
    """Walk through what is left of a study; each trial is a real run. Exit 0 complete, 4 stopped before."""
    from rig.datafile import load
    from rig.errors import UsageError
    from rig.fixturefile import FixtureFile
    from rig.qa.gauge_plan import Study
    from rig.qa.gauge_run import RigRun, walk

    study = Study.at(results, name)
    told = study.plan()
    simulated = load(Path(told.fixture), FixtureFile).simulated
    if yes and not simulated:
        raise UsageError("--yes: found a real bench, expected a simulated one: a person must move the boards")
    left = walk(
        study,
        told,
        _never_ask if yes else _ask,
        RigRun(study, told, results, operator, plans, simulated),
        typer.echo,
    )
    if left:
        typer.echo(f"{left} trials are left; go on with rig gauge run {name}")
        raise typer.Exit(4)
    typer.echo(f"complete; now: rig gauge report {name} --out {name}.html")


@app.command()
def report(
    name: Name,
    out: Annotated[Path, typer.Option(help="HTML file to write.")],
    pdf: Annotated[bool, typer.Option("--pdf", help="A PDF beside it, too (needs the extra 'pdf').")] = False,
    results: Results = Path("results"),
) -> None:
    """What the study came to: %GRR and categories, or Cg, Cgk and bias, of every measurement."""
    from rig.clock import SystemClock
    from rig.qa.gauge_gather import gather
    from rig.qa.gauge_plan import Study
    from rig.qa.gauge_report import gauge_page, results_of
    from rig.qa.gauge_result import keep
    from rig.qa.page import demand_place, publish
    from rig.qa.source import StationStore

    demand_place(out, pdf=pdf)
    study, made = Study.at(results, name), SystemClock().utc()
    told = study.plan()
    found, records = gather(told, study.done(), StationStore(results).run)
    for path in publish(gauge_page(told, found, records, made), out, pdf=pdf):
        typer.echo(f"written: {path}")
    keep(study.folder, results_of(told, found, records, made))


def _ask(step: Step, number: int, of: int) -> bool:
    answer = typer.prompt(
        f"{number} of {of}: put board {step.board} into {step.slot}, then Enter (q stops)",
        default="",
        show_default=False,
    )
    return str(answer).strip().lower() != "q"


def _never_ask(step: Step, number: int, of: int) -> bool:  # the shape of _ask
    del step, number, of
    return True


def _names(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _references(texts: list[str]) -> dict[str, float]:
    from rig.errors import UsageError

    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals or not name.strip():
            raise UsageError(f"--reference: found {text[:60]!r}, expected MEASUREMENT=VALUE")
    return found
