"""A whole night: scheduled, slots side by side, held against the nights before, kept and told."""

from __future__ import annotations

import signal
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import rig
from rig.clock import Clock
from rig.errors import UsageError
from rig.lab.site import Site
from rig.night.compare import compare
from rig.night.junit import junit_text
from rig.night.page import night_page
from rig.night.past import nights_before
from rig.night.schedule import Job, schedule
from rig.night.slotnight import Hands, night_of
from rig.night.summary import FILE, NightSummary, SlotNight
from rig.night.wired import WiredHands
from rig.recipe import find_plans
from rig.records.files import keeping, write_whole

FOLDER = "nights"                       # of a results folder


@dataclass(frozen=True, slots=True)
class Night:
    """What was made of a night, and where it lies."""

    summary: NightSummary
    files: tuple[Path, ...]


def nightly(site: Site, results: Path, out: Path | None, clock: Clock, tell: Callable[[str], None]) -> Night:
    """Make a night of the site's benches on this computer; ``tell`` hears a line a slot.

    Raises UsageError and FileError before anything is touched, StationFault when the disk refuses.
    """
    plans, here = find_plans(site.plans), socket.gethostname()
    began = clock.utc()
    plan = schedule(site, plans, here, began.toordinal())
    place = _place(results, f"{began:%Y%m%dT%H%M%SZ}")
    for elsewhere in plan.elsewhere:
        tell(f"not here: {elsewhere}")
    with tempfile.TemporaryDirectory(prefix="rig-night-") as folder:
        hands = WiredHands(site, plans, results, Path(folder), clock)
        with _stopping(hands):
            for bench in plan.benches:
                hands.offer(bench)
            slots = side_by_side(plan.jobs, site.told.jobs, hands, clock, tell)
    bare = NightSummary(
        night=place.name, site=site.told.site, host=here, rig_version=rig.__version__, started=began,
        ended=clock.utc(), slots=tuple(slots), elsewhere=plan.elsewhere, stopped=hands.stopped,
    )
    before, unread = nights_before(place, site.told.site)
    for says in unread:
        tell(says)
    summary = bare.with_hits(compare(bare, before), len(before))
    return Night(summary, tuple(_keep(summary, before, [place, *([out] if out else [])])))


def side_by_side(
    jobs: Sequence[Job], most: int, hands: Hands, clock: Clock, tell: Callable[[str], None]
) -> list[SlotNight]:
    """All jobs, at most so many at a time; their nights in the jobs' order."""
    with ThreadPoolExecutor(most, thread_name_prefix="night") as pool:
        waiting = {pool.submit(night_of, job, hands, clock): job for job in jobs}
        for number, done in enumerate(as_completed(waiting), start=1):
            tell(f"{number} of {len(jobs)}: {line_of(done.result())}")
        return [one.result() for one in waiting]


def line_of(slot: SlotNight) -> str:
    """A slot's night in a line."""
    parts = [f"{piece.name} {piece.ended.value}" for piece in slot.pieces]
    return f"{slot.place} ({slot.serial}): {', '.join(parts)}; {slot.power}"


def _place(results: Path, name: str) -> Path:
    """The night's own folder. Raises UsageError when it cannot be made."""
    place = results / FOLDER / name
    try:
        place.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"results folder {results}: {error}; give --results") from error
    return place


def _keep(summary: NightSummary, before: Sequence[NightSummary], folders: Sequence[Path]) -> Iterator[Path]:
    """The three files, in each of the folders."""
    texts = {
        FILE: summary.model_dump_json(indent=2) + "\n",
        "nightly.xml": junit_text(summary),
        "nightly.html": night_page(summary, before),
    }
    for folder in folders:
        with keeping(folder):
            folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_whole(folder / name, text)
            yield folder / name


@contextmanager
def _stopping(hands: WiredHands) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the night by ending its runs safely; a second one changes nothing."""
    def stop(_number: int, _frame: FrameType | None) -> None:
        hands.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
