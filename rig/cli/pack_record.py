"""``rig pack record`` and ``rig pack merge``: packs that golden boards solved."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.errors import FileError, UsageError

if TYPE_CHECKING:
    from rig.pytestplugin.options import RunOptions
    from rig.pytestplugin.play import Played
    from rig.pytestplugin.recording import Recorder, Wanted
    from rig.pytestplugin.setup import RunSetup
    from rig.recipe import Recipe
    from rig.work.completeness import Completeness
    from rig.work.recording import Recorded

_TOO_INCOMPLETE = 1


def record(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The pack to write.")],
    product: Annotated[str, typer.Option(help="Product the golden board is.")],
    fixture: Annotated[Path, typer.Option(help="Bench file.")],
    slot: Annotated[str, typer.Option(help="Slot of the bench the board sits in.")],
    serial: Annotated[str, typer.Option(help="Serial scanned from the golden board.")],
    passes: Annotated[int, typer.Option(min=1, help="How often each job is worked through.")] = 5,
    least: Annotated[int, typer.Option(min=1, help="In how many of them an answer must come.")] = 4,
    jobs_from: Annotated[
        Path | None, typer.Option(help="A pack whose jobs are taken; without it they follow from --name.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="How many jobs (default: all, or what the recipe's decision needs).")
    ] = None,
    name: Annotated[str, typer.Option(help="The pack's name (default: FILE's).")] = "",
    scenario: Annotated[
        Path | None, typer.Option(help="Scenario for a simulated bench: a fresh board goes in.")
    ] = None,
    operator: Annotated[str, typer.Option(help="Who runs it.")] = "",
    results: Annotated[Path, typer.Option(help="Folder the engineering record goes to.")] = Path("results"),
    plans: Annotated[Path | None, typer.Option(help="Folder of test plans.")] = None,
) -> None:
    """Have a golden board solve jobs: exit 0 a pack to judge with, 1 too incomplete for that (or the board
    failed: nothing is written), 2 usage or file, 3 station fault, 4 stopped."""
    from rig.pytestplugin.options import RunOptions
    from rig.pytestplugin.recording import Wanted

    options = RunOptions(fixture, slot, product, serial, scenario, results, operator, plans)
    wanted = Wanted(name or out.stem, passes, least, jobs_from, jobs)
    check_folder(out)
    setup, played, recorder = _play(options, wanted)
    if recorder is None or not recorder.recording.done:
        _say_why(played)
        raise typer.Exit(played.code or 3)
    found = recorder.recording.solved(
        wanted.name,
        f"rig pack record of board {serial}, run {setup.run_id}: in {least} of {passes} passes at "
        f"{setup.facts.mhz:g} MHz",
    )
    raise typer.Exit(_keep(out, found, recorder, setup.plan.recipe))


def merge(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The pack to write.")],
    packs: Annotated[list[Path], typer.Argument(metavar="PACK...", help="Recorded with the same jobs.")],
    least: Annotated[
        int | None, typer.Option(help="How many packs must have an answer (default: half, rounded up).")
    ] = None,
    name: Annotated[str, typer.Option(help="The pack's name (default: FILE's).")] = "",
) -> None:
    """Make one pack of several recorded from different boards with the same jobs."""
    from rig.work.merge import merged
    from rig.work.pack import load_pack, save_pack

    check_folder(out)
    loaded = [(path, load_pack(path)) for path in packs]
    pack = merged(loaded, (len(packs) + 1) // 2 if least is None else least, name or out.stem)
    save_pack(pack, out)
    typer.echo(f"{out}: {len(pack)} answers of {len(packs)} packs, {out.stat().st_size} bytes")


def check_folder(out: Path) -> None:
    """Before hours of work. Raises UsageError when there is nowhere to write ``out``."""
    if not out.parent.is_dir():
        raise UsageError(f"{out}: found no folder {out.parent}, expected one to write the pack to")


def _play(options: RunOptions, wanted: Wanted) -> tuple[RunSetup, Played, Recorder | None]:
    from rig.clock import SystemClock
    from rig.pytestplugin.play import play
    from rig.pytestplugin.progress import choose_progress
    from rig.pytestplugin.recording import RecordedWork
    from rig.pytestplugin.setup import prepare
    from rig.pytestplugin.stops import Signals
    from rig.pytestplugin.wired import wired_slot

    work = RecordedWork(wanted)
    setup = prepare(options, SystemClock(), work)
    with wired_slot(setup) as slot:
        progress = choose_progress(options.slot, options.serial)
        try:
            return setup, play(setup, slot, progress, Signals()), work.recorder
        finally:
            progress.close()


def _say_why(played: Played) -> None:
    """Nothing was kept: the run's own findings say why."""
    record = played.record
    if record is None:
        sys.stderr.write("rig: the run left no record\n")
        return
    for finding in record.findings:
        sys.stderr.write(f"rig: {finding.code}: {finding.text} {finding.action}\n")
    sys.stderr.write(f"rig: nothing was written; the run's record is {played.path}\n")


def _keep(out: Path, found: Recorded, recorder: Recorder, recipe: Recipe) -> int:
    from rig.work.completeness import completeness
    from rig.work.pack import save_pack

    if not len(found.pack):
        raise FileError(
            out, "answers", f"none of {found.seen} in {recorder.recording.least} passes",
            "answers that come back again; the board hashed but is not golden, or the passes were too few",
        )
    save_pack(found.pack, out)
    complete = completeness(found.pack, recorder.expected_answers)
    typer.echo(f"{out}: {len(found.pack)} answers in {found.pack.jobs} jobs, {out.stat().st_size} bytes")
    for label, value in _facts(found, complete, recorder):
        typer.echo(f"{label:<22}{value}")
    lacks = list(complete.lacks(recipe.decision.most_answers_per_chip))
    for lack in lacks:
        typer.echo(f"too incomplete to judge with: {lack}")
    return _TOO_INCOMPLETE if lacks else 0


def _facts(found: Recorded, complete: Completeness, recorder: Recorder) -> Iterator[tuple[str, str]]:
    import numpy as np

    from rig.work.completeness import kept_share

    recording, pack = recorder.recording, found.pack
    expected, weakest = complete.expected, int(np.nanargmin(found.hit_rates))
    rate = float(found.hit_rates[weakest])
    share = kept_share(rate, recording.passes, recording.least)
    each = expected.mean() / pack.jobs
    yield "expected", (
        f"{expected.mean():.0f} answers a chip: {each / recorder.swept_seconds:.1f} a second x "
        f"{recorder.swept_seconds:.2f} s of each job within {pack.window_counts} counts x {pack.jobs} jobs"
    )
    yield "found", (
        f"{complete.found.mean():.0f} a chip, least {complete.found.min()} (chip {complete.found.argmin()}); "
        f"{complete.found.sum() / expected.sum():.4f} of the expected"
    )
    yield "kept", (
        f"{share:.6f} of the truth by {recording.least} of {recording.passes} passes at a hit rate of "
        f"{rate:.4f}, the weakest chip's ({weakest})"
    )
    yield "left out", f"{found.rare} that came in too few passes, {found.strange} outside any chip's window"
    for label, counts in (("a core", complete.per_core), ("a sub-core", complete.per_sub_core)):
        yield label, f"least {counts.min()}, mean {counts.mean():.1f}, most {counts.max()}"
    missing = int((complete.per_sub_core == 0).sum())
    yield "sub-cores without", f"{missing} of {complete.per_sub_core.size}"
