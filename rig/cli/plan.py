"""``rig plan``: a product's plan checked without power, and shown in numbers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rig.recipe import PlanFolder
    from rig.records import RunRecord

app = typer.Typer(help="Check a product's plan without power, or show it.", no_args_is_help=True)

Plans = Annotated[Path | None, typer.Option(help="Folder of test plans.")]


@app.command()
def check(
    product: Annotated[str | None, typer.Argument(help="Product; all of them when none is given.")] = None,
    plans: Plans = None,
    fixture: Annotated[
        Path | None, typer.Option(help="Bench file to hold the plan against: ratings, instruments, pack.")
    ] = None,
) -> None:
    """Validate a plan with everything it names; nothing is powered. Exit 0 when it is right, else 2."""
    from rig.clock import SystemClock
    from rig.pytestplugin.plan_check import problems
    from rig.recipe import find_plans, load_plan

    folder, today = find_plans(plans), SystemClock().utc().date()
    names = [product] if product else sorted(path.parent.name for path in folder.glob("*/product.yaml"))
    if not names:
        raise UsageError(f"{folder}: found no product, expected a folder with product.yaml")
    wrong = 0
    for name in names:
        try:
            found = list(problems(load_plan(folder, name), fixture, today))
        except UsageError as error:
            found = [str(error)]
        for sentence in found:
            sys.stderr.write(f"rig: {sentence}\n")
        typer.echo(f"{name}: {len(found)} found wrong" if found else f"{name}: right")
        wrong += len(found)
    raise typer.Exit(2 if wrong else 0)


@app.command()
def show(
    product: Annotated[str, typer.Argument(help="Product whose plan to show.")],
    plans: Plans = None,
    fixture: Annotated[
        Path | None,
        typer.Option(help="Simulated bench to time the phases on; else fixtures/sim.yaml beside the plans."),
    ] = None,
) -> None:
    """Print a plan's steps, limits and phases, with the time a good board takes and the longest it may."""
    from rig.recipe import find_plans, load_plan

    folder = find_plans(plans)
    plan = load_plan(folder, product)
    for line in (*_steps(plan), "", *_limits(plan), "", *_phases(plan, fixture)):
        typer.echo(line)


def _steps(plan: PlanFolder) -> Iterator[str]:
    from rig.pytestplugin.plan_reading import read_plan
    from rig.verdict.levels import Sweep, SweepRules

    recipe = plan.recipe
    levels = ", ".join(f"{level.level} {level.volts:g} V {level.mhz:g} MHz" for level in recipe.levels)
    yield f"{plan.product.name}: {recipe.recipe} {recipe.version}, mode {recipe.mode.value}, levels {levels}"
    if recipe.sweep is not None:
        begin = Sweep.begin(recipe.levels, 1, SweepRules.of(recipe.sweep))
        yield (
            f"Clock sweep: {begin.mhz[0]:g} to {begin.end_mhz:g} MHz in steps of {recipe.sweep.step_mhz:g}, "
            f"at most {recipe.sweep.most_seconds:g} s; the board's level is what its chips' clocks carry"
        )
    module = ""
    for step in read_plan(plan.modules).steps:
        if step.module != module:
            module = step.module
            yield f"{module}: {step.says}"
        yield f"  {step.name}"


def _limits(plan: PlanFolder) -> Iterator[str]:
    level = plan.recipe.levels[0].level
    limits = plan.limits.at_level(level)
    yield f"Limits {limits.limits} {limits.version}, at {level}:"
    for name, spec in limits.measurements.items():
        judged = f"{spec.limit} {spec.unit}".strip() if spec.limit else "recorded"
        marginal = f", marginal {spec.marginal}" if spec.marginal else ""
        doubt = f", ± {spec.uncertainty:g}" if spec.uncertainty else ""
        marks = (spec.code, "critical" if spec.critical else None, None if spec.required else "optional")
        yield f"  {name:28} {judged}{marginal}{doubt}  {' '.join(filter(None, marks))}".rstrip()


def _phases(plan: PlanFolder, fixture: Path | None) -> Iterator[str]:
    """Times of a good board, played in virtual time; no bench, nothing is powered."""
    import json
    import tempfile

    from rig.testkit import VirtualBench

    folder = plan.folder.parent
    bench_file = fixture or folder.parent / "fixtures" / "sim.yaml"
    if not bench_file.is_file():
        yield f"Phases: not timed, no {bench_file}; give --fixture with a simulated bench"
        return
    with tempfile.TemporaryDirectory(prefix="rig-") as results:
        bench = VirtualBench(plan.product.product, fixture=bench_file, results=Path(results), plans=folder)
        record = bench.run(seed=1)
        (journal,) = Path(results).rglob("journal.jsonl")
        notes = [json.loads(line) for line in journal.read_text().splitlines()]
    deadlines = {
        note["data"]["name"]: float(note["data"]["deadline_seconds"])
        for note in notes if note["kind"] == "drive"
    }
    yield from _times(record, deadlines)


def _times(record: RunRecord, deadlines: dict[str, float]) -> Iterator[str]:
    began = [(event.text, event.at_seconds) for event in record.events if event.kind == "phase"]
    ends = [seconds for _, seconds in began[1:]] + [record.seconds]
    expected = worst = 0.0
    yield "Phases of a good board, and the longest before the guard ends those that may wait:"
    for (name, start), end in zip(began, ends, strict=True):
        longest = max(end - start, deadlines.get(name, 0.0))
        yield f"  {name:28} {end - start:7.1f} s   at most {longest:6.1f} s"
        expected, worst = expected + end - start, worst + longest
    yield f"  {'in all':28} {expected:7.1f} s   at most {worst:6.1f} s"
