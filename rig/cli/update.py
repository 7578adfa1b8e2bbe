"""``rig update``: another version of the rig for this station, and back again."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

_ABORTED = 4


def update(
    fixture: Annotated[list[Path], typer.Option(help="Bench file of this station; once for each bench.")],
    to: Annotated[str | None, typer.Option("--to", metavar="REF", help="Tag, branch or commit.")] = None,
    back: Annotated[bool, typer.Option("--back", help="The release before this one.")] = False,
    product: Annotated[str, typer.Option(help="Product it is proved on.")] = "s21pro",
    home: Annotated[
        Path | None, typer.Option(help="Folder of source, releases and current (default: this rig's own).")
    ] = None,
    results: Annotated[Path | None, typer.Option(help="Folder of the records; only looked at.")] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for slots that are live.")] = 0,
    restart: Annotated[
        str | None, typer.Option(metavar="COMMAND", help="Starts guard and station anew.")
    ] = None,
    keep: Annotated[int, typer.Option(min=2, help="Releases to keep.")] = 3,
    offline: Annotated[bool, typer.Option("--offline", help="Fetch nothing first.")] = False,
) -> None:
    """Prepare and prove a version beside this one, switch to it when no slot is live, go back if it fails.

    Exit 0 done, 2 nothing of the kind, 3 the station has what it had, 4 stopped: it has what it had.
    """
    from rig.clock import SystemClock
    from rig.errors import UsageError
    from rig.update.asked import Asked
    from rig.update.home import Home
    from rig.update.update import Update

    if (to is None) is not back:
        raise UsageError("update: found both or neither of --to and --back, expected one of them")
    found = Home.found(home)
    asked = Asked(tuple(fixture), product, results, wait, restart, keep, offline)
    work = Update(found, asked, SystemClock(), lambda line: typer.echo(line))
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        release = work.to(to) if to is not None else work.back()
    except KeyboardInterrupt:
        typer.echo("stopped")
        raise typer.Exit(_ABORTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)
    typer.echo(f"report: {found.releases / release.name}.json")
