"""Marks of runs that are on or died: to find them takes as long as there are such, not as there are runs.

``results/unfinished`` holds an empty file for each, ``<date>_<name of the run's folder>``. It is made after
that folder and before its journal, and taken away when nothing of the run is left to do. Where there is no
such folder, as an older rig left it or a person removed it, it is made from all runs there are.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

from rig.records.files import keeping, sync_folder

FOLDER = "unfinished"


def mark(run: Path) -> None:
    """Mark the run whose folder is ``run``; a power cut does not undo it. Raises StationFault."""
    place = run.parent.parent / FOLDER
    with keeping(place):
        (place / _name(run)).touch()
        sync_folder(place)


def unmark(run: Path) -> None:
    """Take the mark away. One that stays, or that a power cut brings back, does no harm."""
    with contextlib.suppress(OSError):
        (run.parent.parent / FOLDER / _name(run)).unlink()


def marked(results: Path) -> list[Path] | None:
    """The folders of all marked runs, oldest date first; None where there are no marks yet.

    Raises StationFault.
    """
    with keeping(results / FOLDER):
        try:
            names = sorted(os.listdir(results / FOLDER))
        except FileNotFoundError:
            return None
    return [results / day / name for day, _, name in (one.partition("_") for one in names)]


def mark_all(results: Path, runs: Iterable[Path]) -> None:
    """Make the marks where there are none yet; whoever does it at the same time finds the same.

    Raises StationFault.
    """
    draft = results / f".{FOLDER}-{secrets.token_hex(4)}"
    with keeping(results / FOLDER):
        draft.mkdir()
        for run in runs:
            (draft / _name(run)).touch()
        sync_folder(draft)
        try:
            os.rename(draft, results / FOLDER)
        except OSError:
            shutil.rmtree(draft)
            if not (results / FOLDER).is_dir():
                raise                           # else somebody was faster
        sync_folder(results)


def _name(run: Path) -> str:
    return f"{run.parent.name}_{run.name}"
