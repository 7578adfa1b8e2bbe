"""The read side: closed days as Parquet parts, made again when a day's content changed; today as it is.

``<lake>/day=2026-11-01/station=<name>/`` holds one part; ``marks.json`` says of which content each day was
made. The lake can be thrown away at any time: it is made anew from its source.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from rig.qa.part import Block, Part, build, read_block, values_name, write
from rig.qa.rows import RunRow, row_of
from rig.qa.source import RunSource
from rig.records.files import keeping, write_whole

FORMAT: Final = 1  # of the parts; another one is made anew
MARKS: Final = "marks.json"
FOLDER: Final = "lake"  # beside the store


@dataclass(frozen=True, slots=True)
class Lake:
    """Parts on the disk, and those of the open day in memory. ``unreadable``: records left out, by day."""

    folder: Path | None = None
    open_parts: tuple[Part, ...] = ()
    unreadable: Mapping[date, int] = field(default_factory=dict)

    def run_files(self) -> list[str]:
        """The runs of every part on the disk."""
        found = [] if self.folder is None else self.folder.glob("day=*/station=*/runs.parquet")
        return sorted(map(str, found))

    def block(self, part: str, spec: str, number: int) -> Block:
        """The numbers of one block of a part: a runs file's name, or the number of an open part."""
        if not part.isdecimal():
            return read_block(Path(part).with_name(values_name(spec, number)))
        return next(
            one for one in self.open_parts[int(part)].blocks if (one.spec, one.number) == (spec, number)
        )


def refresh(source: RunSource, folder: Path, today: date) -> Lake:
    """Bring the lake in ``folder`` up to date: every day before ``today`` whose content changed is rewritten.

    Doing it again changes nothing. Raises StationFault when the disk refuses.
    """
    with keeping(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        return _refresh(source, folder, today)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One at a time brings a lake up to date."""
    with keeping(folder), (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refresh(source: RunSource, folder: Path, today: date) -> Lake:
    marks, bad = _read_marks(folder)
    days = source.days()
    for day in sorted(days):
        if day < today and marks.get(day) != days[day]:
            parts, bad[day] = _parts_of(source, day)
            _replace_day(folder, day, parts)
            marks[day] = days[day]
            _write_marks(folder, marks, bad)
    for day in sorted(set(marks) - set(days)):
        _replace_day(folder, day, {})
        del marks[day]
        bad.pop(day, None)
        _write_marks(folder, marks, bad)
    still_open: list[Part] = []
    for day in sorted(days):
        if day >= today:
            parts, bad[day] = _parts_of(source, day)
            still_open += parts.values()
    return Lake(folder, tuple(still_open), {day: count for day, count in bad.items() if count})


def _parts_of(source: RunSource, day: date) -> tuple[dict[str, Part], int]:
    stations: dict[str, list[RunRow]] = defaultdict(list)
    unreadable = 0
    for kept in source.runs(day):
        try:
            row = row_of(kept)
        except (KeyError, TypeError, ValueError, AttributeError):
            unreadable += 1  # told on the page
            continue
        stations[row.flat["station"]].append(row)
    return {station: build(rows) for station, rows in stations.items()}, unreadable


def _replace_day(folder: Path, day: date, parts: Mapping[str, Part]) -> None:
    """All of a day or nothing: written beside its place, then renamed."""
    place, fresh = folder / f"day={day}", folder / f".day={day}.{os.getpid()}"
    with keeping(folder):
        shutil.rmtree(fresh, ignore_errors=True)
        for station, part in parts.items():
            inner = fresh / f"station={quote(station, safe='')}"
            inner.mkdir(parents=True)
            write(part, inner)
        shutil.rmtree(place, ignore_errors=True)
        if parts:
            fresh.rename(place)


def _read_marks(folder: Path) -> tuple[dict[date, str], dict[date, int]]:
    try:
        kept: dict[str, Any] = json.loads((folder / MARKS).read_text(encoding="utf-8"))
        if kept["format"] != FORMAT:
            return {}, {}
        return (
            {date.fromisoformat(day): mark for day, mark in kept["days"].items()},
            {date.fromisoformat(day): count for day, count in kept["unreadable"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, {}  # no lake yet, or a damaged one: made anew


def _write_marks(folder: Path, marks: Mapping[date, str], bad: Mapping[date, int]) -> None:
    write_whole(
        folder / MARKS,
        json.dumps(
            {
                "format": FORMAT,
                "days": {str(day): mark for day, mark in sorted(marks.items())},
                "unreadable": {str(day): count for day, count in sorted(bad.items()) if count},
            },
            indent=1,
        )
        + "\n",
    )
