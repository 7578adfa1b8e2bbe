"""``rig study``: thousands of seeded boards through the plan in virtual time, and what came of them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rig.study.figures import StudyFigures
    from rig.study.rows import Row
    from rig.study.run import KeptRows, Study
    from rig.testkit import VirtualBench

FIXED_SECONDS = 18.3                # a test of fixed length with the same risks: 5,120 answers at ticket 1


def study(
    mix: Annotated[Path, typer.Option(help="Which faults, how often, in which ranges.")],
    boards: Annotated[int, typer.Option(min=0, help="Boards drawn from the mix.")] = 0,
    per_kind: Annotated[int, typer.Option(min=0, help="Boards more for each line of the mix alone.")] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = os.cpu_count() or 1,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same boards.")] = 1,
    out: Annotated[Path | None, typer.Option("--json", help="Write figures and rows to this file.")] = None,
    product: Annotated[str, typer.Option(help="Product the boards are.")] = "s21pro",
    fixture: Annotated[Path, typer.Option(help="Simulated bench file.")] = Path("fixtures/sim.yaml"),
    plans: Annotated[Path | None, typer.Option(help="Folder of test plans.")] = None,
    time_scale: Annotated[float, typer.Option(min=0.1, help="Heat runs so much faster.")] = 1.0,
) -> None:
    """Play boards and count escapes, false fails and misbooked ones; exit 0 when the study ran.

    With --json a study that was stopped is taken up again where it was.
    """
    import tempfile

    from rig.errors import UsageError
    from rig.recipe import find_plans
    from rig.study.run import KeptRows, Study

    if not boards + per_kind:
        raise UsageError("found no boards to study, expected --boards or --per-kind above 0")
    told = Study(product, fixture, find_plans(plans), mix, boards, per_kind, seed, time_scale)
    with tempfile.TemporaryDirectory(prefix="rig-study-") as folder:
        bench = told.bench(Path(folder))
        kept = (out or Path(folder) / "study.json").with_suffix(".rows.jsonl")
        with KeptRows(kept, told.name(bench)) as rows:
            _play(told, len(told.drawn(bench)), rows, jobs)
        figures = _figures(bench, list(rows.rows.values()))
        for line in _lines(figures):
            typer.echo(line)
        if out is not None:
            _write(out, told, figures, [rows.rows[number] for number in sorted(rows.rows)])
            kept.unlink()


def _play(told: Study, total: int, kept: KeptRows, jobs: int) -> None:
    from rig.study.run import play_all

    left = [number for number in range(total) if number not in kept.rows]
    if len(left) < total:
        typer.echo(f"taking up {kept.path}: {total - len(left)} of {total} boards are there", err=True)
    began, shown = time.monotonic(), 0.0
    for done, row in enumerate(play_all(told, left, jobs), start=1):
        kept.add(row)
        now = time.monotonic() - began
        if now - shown >= 10 or done == len(left):
            shown = now
            to_go = now / done * (len(left) - done)
            typer.echo(f"{total - len(left) + done} of {total} boards, {to_go / 60:.1f} min left", err=True)


def _figures(bench: VirtualBench, rows: list[Row]) -> StudyFigures:
    from rig.study.figures import figures_of
    from rig.study.truth import Bench

    plan = bench.setup.plan
    return figures_of(
        rows, Bench.of(plan.product, plan.recipe), risk=plan.recipe.decision.board_risk,
        fixed_seconds=FIXED_SECONDS,
    )


def _write(out: Path, told: Study, figures: StudyFigures, rows: list[Row]) -> None:
    import json

    content = {
        "boards": told.boards, "per_kind": told.per_kind, "seed": told.seed, "time_scale": told.time_scale,
        **figures.model_dump(mode="json", exclude={"boards"}), "played": figures.boards,
        "rows": [row.model_dump(mode="json") for row in rows],
    }
    out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _lines(figures: StudyFigures) -> list[str]:
    """The study as a person reads it."""
    lines = [
        f"{figures.boards} boards, {figures.good} of them good; {figures.cpu_seconds:.0f} core-seconds",
        f"escapes              {figures.escapes}",
        f"misbooked            {figures.misbooked}",
        f"good boards failed   {figures.false_fails}"
        + ("" if figures.false_fails_consistent else "   MORE THAN THE STATED RISK ALLOWS"),
    ]
    if figures.decision_seconds is not None and figures.decision_share_of_fixed is not None:
        lines.append(
            f"time to decide       {figures.decision_seconds:.2f} s on good boards, "
            f"{figures.decision_share_of_fixed:.2f} of a fixed test's"
        )
    lines += ["", f"{'kind':<24}{'boards':>7}{'due':>6}{'escaped':>9}{'misbooked':>11}  first code right"]
    for kind in figures.kinds:
        lines.append(
            f"{kind.kind:<24}{kind.boards:>7}{kind.must_be_caught:>6}{kind.escaped:>9}{kind.misbooked:>11}  "
            f"{kind.top_1}; among three {kind.top_3}"
        )
    lines += ["", "what each kind came to"]
    for kind_name, codes in figures.confusion.items():
        lines.append(f"{kind_name:<24}" + ", ".join(f"{code} {count}" for code, count in codes.items()))
    lines += ["", "verdict and grade by what was true"]
    for truth, grades in figures.grades.items():
        lines.append(f"{truth:<24}" + ", ".join(f"{said} {count}" for said, count in grades.items()))
    return lines
