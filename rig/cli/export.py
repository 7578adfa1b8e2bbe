"""``rig export``: a station's runs in the formats that others read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.errors import UsageError

if TYPE_CHECKING:
    from rig.records.exports import Selected, Selection

_APART = ("engineering", "golden", "gauge")
FORMATS = ("junit", "csv", "parquet", "stdf", "cfx", "json")


def export(
    format_name: Annotated[str, typer.Argument(metavar="|".join(FORMATS), help="What to write.")],
    runs: Annotated[list[str] | None, typer.Argument(metavar="[RUN]...", help="Ids of runs.")] = None,
    since: Annotated[str | None, typer.Option(help="All that began then or later: a date or time.")] = None,
    until: Annotated[str | None, typer.Option(help="And before then.")] = None,
    results: Annotated[Path, typer.Option(help="Folder the records are in.")] = Path("results"),
    out: Annotated[
        Path | None, typer.Option(help="File to write; a folder for junit, parquet and stdf.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that differ.")] = False,
    to: Annotated[
        str | None, typer.Option(help="cfx: an AMQP endpoint instead, amqp://HOST[:PORT]/TARGET.")
    ] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Send simulated runs and those of no yield, too.")
    ] = False,
) -> None:
    """Export runs. Exit 0 written, 2 not as it must be, 3 the disk, store or endpoint failed."""
    from rig.records import STORE_FILE
    from rig.records.exports import Format, Selected, write_export

    if format_name not in FORMATS:
        raise UsageError(f"format: found {format_name!r}, expected one of {', '.join(FORMATS)}")
    chosen = Format(format_name)
    if to is not None and (chosen is not Format.CFX or out is not None):
        raise UsageError("--to: only for cfx, and in place of --out")
    if simulated and to is None:
        raise UsageError("--simulated: only with --to; files hold simulated runs in any case")
    selection = _selection(runs, since, until)
    selected = Selected(results / STORE_FILE, selection)
    if to is not None:
        _send(selected, to, simulated=simulated)
        return
    files = write_export(selected.records(), chosen, chosen.place(out, force=force))
    for file in files:
        typer.echo(str(file))
    typer.echo(_told(selected, f"{chosen.value}: "), err=True)


def _selection(runs: list[str] | None, since: str | None, until: str | None) -> Selection:
    from rig.records.exports import Selection
    from rig.records.exports.selection import moment

    return Selection(
        tuple(runs or ()),
        moment(since) if since is not None else None,
        moment(until) if until is not None else None,
    )


def _send(selected: Selected, to: str, *, simulated: bool) -> None:
    from rig.purpose import Purpose
    from rig.records.exports.amqp import deliver

    real = (
        record for record in selected.records()
        if simulated or (not record.simulated and record.purpose is Purpose.TEST)
    )
    sent = deliver(real, to)
    kept = selected.counts["runs"] - sent
    more = f"; {kept} simulated or not for the yield not sent" if kept else ""
    typer.echo(_told(selected, f"cfx: {sent} acknowledged of ") + more, err=True)


def _told(selected: Selected, start: str) -> str:
    """How many runs, what they are, and what was left out."""
    counts = selected.counts
    kinds = [f"{counts[kind]} {kind}" for kind in ("simulated", *_APART) if counts[kind]]
    text = start + (f"{counts['runs']} runs" if counts["runs"] else "no closed runs")
    text += f" {selected.selection}" if not counts["runs"] else f" ({', '.join(kinds)})" if kinds else ""
    left = [f"{count} {state.value}" for state, count in sorted(selected.left_out.items())]
    return text + (f"; left out: {', '.join(left)}" if left else "")
