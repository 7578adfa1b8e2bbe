"""``rig pack``: make, check and look at packs of known answers (record and merge: pack_record)."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rig.cli.pack_record import check_folder, merge, record
from rig.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rig.work.pack import Pack

app = typer.Typer(help="Packs of known answers: mine, record, merge, verify, show.", no_args_is_help=True)
app.command()(record)
app.command()(merge)

_PackFile = Annotated[Path, typer.Argument(metavar="FILE", help="A *.kap file.")]


@app.command()
def mine(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The pack to write.")],
    name: Annotated[str, typer.Option(help="The pack's name; its jobs follow from it.")] = "s21pro-sim",
    chip: Annotated[str, typer.Option(help="Chip model.")] = "bm1370",
    chips: Annotated[int, typer.Option(help="Chips on the chain.")] = 65,
    interval: Annotated[int, typer.Option(help="Address interval.")] = 2,
    sweep_length: Annotated[int, typer.Option(help="HASH_COUNTING_NUMBER the board runs with.")] = 7861,
    window: Annotated[int, typer.Option(help="Counts past a slice's start, holding all answers.")] = 360_000,
    bits: Annotated[int, typer.Option(help="Zero bits of every answer.")] = 14,
    jobs: Annotated[int, typer.Option(help="Different jobs.")] = 10,
    answers: Annotated[int, typer.Option(help="Answers of a chip in each job.")] = 735,
    per_sub_core: Annotated[int, typer.Option(help="Answers every sub-core has at least.")] = 2,
    seed: Annotated[int, typer.Option(help="The same seed gives the same answers.")] = 1,
    processes: Annotated[int, typer.Option(min=1, help="How many search at once.")] = os.cpu_count() or 1,
) -> None:
    """Search the answers of a new pack; what was found is kept in FILE.partial and taken up again."""
    from rig.work.mine import Order, assemble
    from rig.work.miners import mine_units
    from rig.work.pack import save_pack
    from rig.work.partial import PartialPack

    order = Order(
        name=name, chip=chip, chips=chips, address_interval=interval, sweep_length=sweep_length,
        window_counts=window, required_zero_bits=bits, jobs=jobs, answers_per_chip=answers,
        per_sub_core=per_sub_core, seed=seed,
    )
    check_folder(out)
    partial_file = out.with_name(out.name + ".partial")
    with PartialPack(partial_file, order) as partial:
        if partial.found:
            typer.echo(f"taking up {partial_file}: {len(partial.found)} of {len(order.units)} units")
        with _progress(len(order.units), len(partial.found)) as advance:
            rest = [unit for unit in order.units if unit not in partial.found]
            for unit, found in mine_units(order, rest, processes):
                partial.add(unit, found)
                advance()
        save_pack(assemble(order, partial.found), out)
    partial_file.unlink()
    typer.echo(f"{out}: {len(order.units) * answers} answers, {out.stat().st_size} bytes")


@app.command()
def verify(file: _PackFile) -> None:
    """Hash every answer with hashlib, independently of the compiled library; exit 0 when all hold, else 1."""
    from rig.work.pack import load_pack
    from rig.work.survey import bad_answers

    if not file.is_file():
        raise FileError(file, "", "no such file", "a known-answer pack")
    try:
        pack = load_pack(file)
    except FileError as error:
        typer.echo(f"bad: {error}")
        raise typer.Exit(1) from None
    bad = list(bad_answers(pack))
    for answer in bad[:10]:
        typer.echo(
            f"bad: {file}: answer {answer.row} of job {answer.job} has {answer.found} zero bits, "
            f"the pack says {answer.said}"
        )
    typer.echo(f"{'bad' if bad else 'good'}: {file}: {len(pack) - len(bad)} of {len(pack)} answers hold")
    raise typer.Exit(1 if bad else 0)


@app.command()
def show(file: _PackFile) -> None:
    """What a pack is for and how well it covers chips, cores and sub-cores."""
    from rig.work.pack import load_pack

    for name, value in _facts(load_pack(file)):
        typer.echo(f"{name:<22}{value}")


def _facts(pack: Pack) -> list[tuple[str, str]]:
    from rig.bm13xx.sweep import version_space_seconds
    from rig.work.survey import coverage

    seen = coverage(pack)
    seconds = version_space_seconds(pack.sweep_length)
    mean = seen.per_chip_and_job.mean()

    def spread(counts: Any) -> str:
        return f"least {counts.min()}, mean {counts.mean():.1f}, most {counts.max()}"

    return [
        ("name", pack.name),
        ("made by", pack.origin),
        ("chain", f"{pack.chips} x {pack.chip}, address interval {pack.address_interval}"),
        ("sweep length", f"{pack.sweep_length} (a job lasts {seconds:.2f} s)"),
        ("window", f"{pack.window_counts} counts, whole from {pack.full_window_mhz:.1f} MHz on"),
        ("answers", f"{len(pack)} of {pack.required_zero_bits} zero bits or more, in {pack.jobs} jobs"),
        ("a chip and job", f"{spread(seen.per_chip_and_job)} ({mean / seconds:.1f} a second)"),
        ("a core", spread(seen.per_core)),
        ("a sub-core", spread(seen.per_sub_core)),
        ("sub-cores without", f"{int((seen.per_sub_core == 0).sum())} of {seen.per_sub_core.size}"),
    ]


@contextmanager
def _progress(total: int, done: int) -> Iterator[Callable[[], None]]:
    """Show progress and time left: a bar on a terminal, else a line every tenth."""
    if sys.stdout.isatty():
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        with Progress(TextColumn("mining"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
            task = bar.add_task("mining", total=total, completed=done)
            yield lambda: bar.advance(task)
        return
    started, first = time.monotonic(), done

    def advance() -> None:
        nonlocal done
        done += 1
        if done * 10 // total != (done - 1) * 10 // total:
            left = (time.monotonic() - started) * (total - done) / (done - first)
            typer.echo(f"mined {done} of {total} units, {left:.0f} s left")

    yield advance
