"""Telemetry of one run, taken in the driver loop: into the run's folder at once, into the spool by a thread.

It is worth less than the run: whatever the disk does to it, nothing is raised; the first trouble is told
once, for an event of the record.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from rig.clock import Clock
from rig.errors import FileError, StationFault
from rig.records.folder import TELEMETRY_JOURNAL, RunFolder
from rig.records.journal import DeadJournal, Journal, scan_journal
from rig.records.telemetry.lines import NotALine
from rig.records.telemetry.look import LOOK_LINE, PHASE_LINE, Identity, Look, Points
from rig.records.telemetry.spool import Spool

PARQUET_FILE = "telemetry.parquet"              # what others read, when the run is over
MOST_WAITING = 600              # seconds of a run that may wait for the spool
SETTLE_SECONDS = 3.0            # that the end of a run waits for it at most


class Telemetry(Protocol):
    """What takes the seconds of a run. Never raises."""

    def look(self, look: Look) -> None: ...

    def mark(self, phase: str) -> None: ...

    def trouble(self) -> str | None:
        """What went wrong first; told once."""
        ...

    def settle(self) -> None:
        """All that was taken is on its way; a spool that hangs is not waited for long."""
        ...

    def close(self) -> None:
        """The run is over: the file of its folder becomes what others read."""
        ...


class NoTelemetry:
    """For runs in virtual time: nothing is kept."""

    def look(self, look: Look) -> None: ...

    def mark(self, phase: str) -> None: ...

    def trouble(self) -> str | None:
        return None

    def settle(self) -> None: ...

    def close(self) -> None: ...


class RunTelemetry:
    """Keeps a run's seconds in ``folder`` and, if there is one, in ``spool``.

    Times are the time of day when the run began and the monotonic clock from there: a clock that is set
    meanwhile moves nothing. One thread uses it.
    """

    def __init__(
        self, folder: Path, identity: Identity, clock: Clock, spool: SpoolThread | None = None
    ) -> None:
        self._clock, self._spool = clock, spool
        self._folder = folder
        self._began, self._began_ns = clock.now(), nanoseconds(clock.utc())
        self._mhz: float | None = None
        self._trouble: str | None = None
        self._told = False
        self._journal: Journal | None = None
        with self._suffered():
            self._journal = Journal(folder / TELEMETRY_JOURNAL, clock)
            self._journal.append("start", ns=self._began_ns, **identity.facts())

    def look(self, look: Look) -> None:
        facts, ns = look.facts(), self._ns()
        self._mhz = facts.get("mhz", self._mhz)             # of the ramp: chips keep their clock
        if self._mhz is not None:
            facts["mhz"] = self._mhz
        self._keep(LOOK_LINE, ns, facts)

    def mark(self, phase: str) -> None:
        self._keep(PHASE_LINE, self._ns(), {"phase": phase})

    def trouble(self) -> str | None:
        found = self._trouble or (self._spool.trouble if self._spool else None)
        if found is None or self._told:
            return None
        self._told = True
        return found

    def settle(self) -> None:
        if self._spool is not None:
            self._spool.settle(SETTLE_SECONDS)

    def close(self) -> None:
        self.settle()
        with self._suffered():
            if self._journal is not None:
                keep_parquet(self._folder)          # its lock is held: nobody else does the same
                self._journal.close()
                self._journal = None

    def _ns(self) -> int:
        return self._began_ns + int((self._clock.now() - self._began) * 1e9)

    def _keep(self, kind: str, ns: int, facts: dict[str, object]) -> None:
        if self._journal is not None:
            with self._suffered():
                self._journal.append(kind, ns=ns, **facts)
        if self._spool is not None:
            self._spool.take(kind, ns, facts)

    @contextlib.contextmanager
    def _suffered(self) -> Iterator[None]:
        """The disk's refusal ends the file: what it holds so far, the next run makes the best of."""
        try:
            yield
        except (StationFault, FileError) as fault:
            self._trouble = self._trouble or str(fault)
            self._journal = None


class SpoolThread:
    """Makes lines of what it is given, and spools them, away from the driver loop."""

    def __init__(self, spool: Spool, points: Points) -> None:
        self._spool, self._points = spool, points
        self._waiting: queue.Queue[tuple[str, int, dict[str, object]] | None] = queue.Queue(MOST_WAITING)
        self._lost = 0
        self._thread: threading.Thread | None = None
        self._ended = False
        self.trouble: str | None = None

    def take(self, kind: str, ns: int, facts: dict[str, object]) -> None:
        """Returns at once; when too much waits it is lost to the dashboards, and counted."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="telemetry", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait((kind, ns, facts))
        except queue.Full:
            self._lost += 1
            self.trouble = f"the spool is too slow: {self._lost} seconds of this run are not in it"

    def settle(self, seconds: float) -> None:
        """Wait until all is spooled, ``seconds`` at most; nothing is taken afterwards."""
        if self._thread is None or self._ended:
            return
        self._ended = True
        with contextlib.suppress(queue.Full):
            self._waiting.put(None, timeout=seconds)
        self._thread.join(seconds)
        if self._thread.is_alive():
            self.trouble = self.trouble or "the spool hangs: the last seconds of this run are not in it"

    def _work(self) -> None:
        bodies: list[str] = []
        ending = False
        while not ending:
            item = self._waiting.get()
            ending = item is None
            if item is not None:
                bodies += self._bodies(*item)
            if not ending and not self._waiting.empty() and len(bodies) < MOST_WAITING:
                continue                    # a few at once when the disk was slow
            try:
                self._spool.put(bodies)
                bodies = []
            except StationFault as fault:
                self.trouble = self.trouble or str(fault)
                bodies = bodies[-MOST_WAITING:]
        self._spool.close()

    def _bodies(self, kind: str, ns: int, facts: dict[str, object]) -> list[str]:
        try:
            body = self._points.block(kind, ns, facts)
        except NotALine as error:
            self.trouble = self.trouble or f"no point can be made of what was measured: {error}"
            return []
        return [body] if body else []


def finish_dead(results: Path, spool: Spool | None = None, *, run_is_tag: bool = False) -> list[Path]:
    """Finish the telemetry of runs whose process died: their Parquet files, and what was not spooled.

    All of a dead run is spooled again: the same points again change nothing. Never raises for the disk: what
    cannot be finished now is left for the next time.
    """
    finished = []
    with contextlib.suppress(StationFault):
        for folder in RunFolder.unfinished_in(results):
            with contextlib.suppress(StationFault, FileError, OSError):
                if folder.telemetry_journal.exists() and _finish(folder, spool, run_is_tag=run_is_tag):
                    finished.append(folder.path / PARQUET_FILE)
    return finished


def _finish(folder: RunFolder, spool: Spool | None, *, run_is_tag: bool) -> bool:
    """Whether the telemetry was of a dead run, and is finished now."""
    held = DeadJournal.take(folder.telemetry_journal)
    if held is None:
        return False
    with held:
        entries, _ = scan_journal(folder.telemetry_journal)
        if spool is not None and entries:
            points = Points(Identity.of(entries[0].data), run_is_tag=run_is_tag)
            told = (points.block(one.kind, one.data["ns"], one.data) for one in entries)
            spool.put([body for body in told if body])
        keep_parquet(folder.path)
    folder.settle()
    return True


def keep_parquet(folder: Path) -> None:
    """Make the Parquet file of a run's folder, then remove what it was made of. Raises StationFault."""
    from rig.records.telemetry.parquet import write_parquet

    entries, _ = scan_journal(folder / TELEMETRY_JOURNAL)
    if entries:
        write_parquet(folder / PARQUET_FILE, entries)
    (folder / TELEMETRY_JOURNAL).unlink(missing_ok=True)


def nanoseconds(utc: datetime) -> int:
    """Since 1970, exact to the microsecond."""
    return (utc - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
