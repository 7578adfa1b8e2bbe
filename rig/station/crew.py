"""The runs that are on: started as fresh processes, listened to, stopped, and found again after a restart."""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

from rig.clock import Clock
from rig.errors import FileError
from rig.purpose import Purpose
from rig.pytestplugin.options import RunOptions
from rig.records import RunFolder, RunRecord, close_dead_runs, read_record
from rig.records.journal import scan_journal
from rig.runtime import Runtime
from rig.station.child import RunOrder, run_board
from rig.station.live import Live
from rig.station.reporter import MESSAGE_BYTES

# A run that was asked to stop gets so long to find its own way off; the guard is there in any case.
TERM_SECONDS, KILL_SECONDS = 15.0, 60.0
HUNG_SECONDS = 15.0             # of silence after the guard has tripped: the process is stuck
SILENT_SECONDS = 300.0          # of silence at all: no phase of a plan is longer


@dataclass(slots=True)
class OnRun:
    """One run that is on. ``process`` is None for one that an earlier station started."""

    slot: str
    serial: str
    pid: int
    live: Live
    purpose: Purpose = Purpose.TEST
    run_id: str | None = None
    process: BaseProcess | None = None
    link: socket.socket | None = None
    refusal: tuple[str, int] | None = None      # why it could not begin, and its exit code
    stop_at: float | None = None
    stopped_by: str = ""
    read: int = 0                               # journal lines taken so far, of an adopted one

    @property
    def adopted(self) -> bool:
        return self.process is None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. ``record`` None: it could not begin (``refusal``), or nothing is known of it."""

    run: OnRun
    record: RunRecord | None


class Crew:
    """Starts and watches runs; everything is called from the event loop of the station.

    ``plan``: the folder of the product's plan. ``changed`` is told a slot's name when its run has said
    something, ``ended`` how a run ended.
    """

    def __init__(
        self, template: RunOptions, plan: Path, runtime: Runtime, clock: Clock, *,
        changed: Callable[[str], None], ended: Callable[[Outcome], None],
    ) -> None:
        self._template, self._plan, self._runtime, self._clock = template, plan, runtime, clock
        self._changed, self._ended = changed, ended
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["rig.station.preload"])
        self.runs: dict[str, OnRun] = {}
        self._endings: set[asyncio.Task[None]] = set()

    def warm_up(self) -> None:
        """Have the forkserver load what runs need, before the first board. Blocks for a second."""
        os.environ["RIG_STATION_PLAN"] = str(self._plan)
        os.environ["RIG_STATION_FIXTURE"] = str(self._template.fixture)
        process = self._context.Process(target=_nothing)
        with _without_main():
            process.start()
        process.join()

    # -- a run's life ---------------------------------------------------------------------------

    def start(self, slot: str, serial: str, purpose: Purpose, who: str, presses: tuple[str, ...]) -> None:
        """A fresh process for one board; it takes the slot's lock itself."""
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        mine.setblocking(False)
        options = replace(self._template, slot=slot, serial=serial, operator=who, purpose=purpose)
        log = self._runtime.folder / f"run-{slot}.out"
        order = RunOrder(options, presses, log, self._runtime.folder)
        process = self._context.Process(target=run_board, args=(order, its), name=f"run {slot}")
        with _without_main():
            process.start()
        its.close()
        now = self._clock.now()
        self.runs[slot] = OnRun(
            slot, serial, process.pid or 0, Live(now, now), purpose, process=process, link=mine
        )
        asyncio.get_running_loop().add_reader(mine, self._listen, self.runs[slot])

    def stop(self, slot: str, who: str) -> None:
        """Ask the run to end; ``tick`` insists when it does not."""
        run = self.runs.get(slot)
        if run is None or run.stop_at is not None:
            return
        run.stop_at, run.stopped_by = self._clock.now(), who
        if run.link is not None:
            with contextlib.suppress(OSError):
                run.link.send(f"stopped by badge {who}".encode())
        _signal(run, signal.SIGINT)

    def press(self, slot: str, what: str) -> None:
        """Something people did that belongs into the run's record."""
        run = self.runs.get(slot)
        if run is not None and run.link is not None:
            with contextlib.suppress(OSError):
                run.link.send(what.encode())

    def tick(self, tripped: Callable[[str], bool]) -> None:
        """Insist on stops, end what hangs, follow those of an earlier station. ``tripped``: by the guard."""
        now = self._clock.now()
        for run in list(self.runs.values()):
            if run.adopted:
                self._follow(run, now)
            silent, asked = now - run.live.heard_at, now - (run.stop_at or now)
            hung = silent > SILENT_SECONDS or (silent > HUNG_SECONDS and tripped(run.slot))
            if hung or asked > KILL_SECONDS:
                _signal(run, signal.SIGKILL)
            elif asked > TERM_SECONDS:
                _signal(run, signal.SIGTERM)

    def adopt(self, slots: list[str]) -> list[OnRun]:
        """Runs that an earlier station started and that still live: their slot's lock is held."""
        found = []
        for slot in slots:
            lock = self._runtime.lock(f"slot-{slot}")
            if lock.try_acquire():
                lock.release()
                continue
            note = lock.holder()
            if "run" not in note:               # no run: one who keeps runs out, and is not ours to end
                continue
            now = self._clock.now()
            run = OnRun(slot, str(note.get("serial", "")), int(note.get("pid", 0)), Live(now, now),
                        run_id=str(note.get("run", "")) or None)
            self.runs[slot] = run
            found.append(run)
        return found

    async def close(self) -> None:
        """Let go of all runs; they go on by themselves."""
        for run in self.runs.values():
            self._hang_up(run)
        await asyncio.gather(*self._endings)

    # -- inside ---------------------------------------------------------------------------------

    def _listen(self, run: OnRun) -> None:
        while run.link is not None:
            try:
                message = run.link.recv(MESSAGE_BYTES)
            except BlockingIOError:
                return
            except OSError:
                message = b""
            if not message:
                self._hang_up(run)
                self._finish(run)
                return
            self._heard(run, json.loads(message))

    def _heard(self, run: OnRun, said: dict[str, object]) -> None:
        now = self._clock.now()
        run.live.heard_at = now
        match said.get("kind"):
            case "began":
                run.run_id = str(said["run_id"])
            case "status":
                run.live.took_status(said, now)
            case "refused":
                run.refusal = (str(said["text"]), int(str(said["code"])))
        self._changed(run.slot)

    def _follow(self, run: OnRun, now: float) -> None:
        lock = self._runtime.lock(f"slot-{run.slot}")
        if lock.try_acquire():
            lock.release()
            self._finish(run)
            return
        folder = self.folder_of(run.run_id)
        if folder is None:
            return
        with contextlib.suppress(FileError):
            entries, _ = scan_journal(folder.journal)
            for entry in entries[run.read:]:
                if run.read == 0:
                    run.live.began_at = now - (self._clock.utc() - entry.utc).total_seconds()
                run.live.took_entry(entry, now)
                run.read += 1
                self._changed(run.slot)

    def folder_of(self, run_id: str | None) -> RunFolder | None:
        """The folder of a run; its id names it."""
        return RunFolder.find(self._template.results, run_id) if run_id else None

    def _finish(self, run: OnRun) -> None:
        if self.runs.get(run.slot) is run and not any(task.get_name() == run.slot for task in self._endings):
            task = asyncio.get_running_loop().create_task(self._conclude(run), name=run.slot)
            self._endings.add(task)
            task.add_done_callback(self._endings.discard)

    async def _conclude(self, run: OnRun) -> None:
        record = await asyncio.to_thread(self._record_of, run)
        self.runs.pop(run.slot, None)
        self._ended(Outcome(run, record))

    def _record_of(self, run: OnRun) -> RunRecord | None:
        """The record it left; a run that died is closed here and now."""
        if run.process is not None:
            run.process.join(5.0)
        folder = self.folder_of(run.run_id)
        if folder is None:
            return None
        if not folder.record.exists():
            close_dead_runs(self._template.results, run.slot, self._clock)
        try:
            return read_record(folder.record)
        except FileError:
            return None

    def _hang_up(self, run: OnRun) -> None:
        link, run.link = run.link, None
        if link is not None:
            asyncio.get_running_loop().remove_reader(link)
            link.close()


def _signal(run: OnRun, number: signal.Signals) -> None:
    if run.pid > 1:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(run.pid, number)


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """A run has no use for what started the station; multiprocessing would import it in every child."""
    main = sys.modules["__main__"]
    spec, file = main.__spec__, main.__dict__.pop("__file__", None)
    main.__spec__ = None
    try:
        yield
    finally:
        main.__spec__ = spec
        if file is not None:
            main.__file__ = file


def _nothing() -> None:
    """The first fork, for nothing but to have the forkserver ready."""


