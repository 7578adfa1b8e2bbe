"""``make prove-records``: whoever keeps runs is killed, whenever; no run is lost, none is there by half.

Processes of two slots share one store and are killed with SIGKILL at random moments, in their
recovery too; the next of a slot begins by closing what the last one left. What each of them said it
had done is held against the files and the database at the end.
"""

from __future__ import annotations

import argparse
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from proofs.record_writer import Step, Writer
from rig.clock import SystemClock
from rig.errors import FileError, RigError
from rig.records import STORE_FILE, Kind, RunFolder, State, Store, close_dead_runs, read_record
from rig.records.chain import chain_problems
from rig.records.database import transaction
from rig.records.journal import scan_journal

SLOTS = ("slot1", "slot2")
LONGEST_SECONDS = 0.35          # a process lives; a run takes some 20 ms of it


@dataclass
class Heard:
    """What the killed said that they had done, by run."""

    started: set[str] = field(default_factory=set)
    lines: Counter[str] = field(default_factory=Counter)
    carried: set[str] = field(default_factory=set)
    shown: dict[str, str] = field(default_factory=dict)         # the verdict
    recovered: dict[str, str] = field(default_factory=dict)     # the verdict

    def take(self, line: str) -> None:
        word, run_id, fact = line.split()
        match Step(word):
            case Step.STARTED:
                self.started.add(run_id)
            case Step.LINE:
                self.lines[run_id] = int(fact)
            case Step.CARRIED:
                self.carried.add(run_id)
            case Step.SHOWN:
                self.shown[run_id] = fact
            case Step.RECOVERED:
                self.recovered[run_id] = fact


class Victim:
    """One process that keeps runs of ``slot``, to be killed at ``until`` (monotonic seconds)."""

    def __init__(self, results: Path, slot: str, chance: random.Random) -> None:
        self.slot = slot
        self.pipe, theirs = os.pipe()
        seed = chance.randrange(1 << 30)
        self.until = time.monotonic() + chance.uniform(0.0, LONGEST_SECONDS)
        self.process = os.fork()
        if self.process == 0:
            _keep_runs(Writer(results, slot, theirs, seed))
        os.close(theirs)
        self._left = b""

    def listen(self, heard: Heard) -> None:
        """Take what waits in its pipe."""
        *lines, self._left = (self._left + os.read(self.pipe, 1 << 16)).split(b"\n")
        for line in lines:
            heard.take(line.decode())

    def kill(self, heard: Heard) -> bool:
        """End it, and take its last words; whether it lived until then."""
        os.kill(self.process, signal.SIGKILL)
        _, status = os.waitpid(self.process, 0)
        while select.select([self.pipe], [], [], 0)[0]:
            before = self._left
            self.listen(heard)
            if self._left == before:
                break
        os.close(self.pipe)
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _keep_runs(writer: Writer) -> None:
    """In the child: never returns into the parent's code."""
    try:
        writer.work()
    except BaseException:       # whatever it is: it is told here, and not in a copy of the parent
        traceback.print_exc()
    finally:
        os._exit(1)


def kill_often(results: Path, kills: int, seed: int) -> tuple[Heard, int]:
    """``kills`` deaths, spread over the slots; what was said, and how many died of something else."""
    chance, heard, odd = random.Random(seed), Heard(), 0
    victims = [Victim(results, slot, chance) for slot in SLOTS]
    for _ in range(kills):
        while True:
            now = time.monotonic()
            due = min(victims, key=lambda victim: victim.until)
            if due.until <= now:
                break
            ready = select.select([victim.pipe for victim in victims], [], [], due.until - now)[0]
            for victim in victims:
                if victim.pipe in ready:
                    victim.listen(heard)
        odd += not due.kill(heard)
        victims[victims.index(due)] = Victim(results, due.slot, chance)
    for victim in victims:
        odd += not victim.kill(heard)
    return heard, odd


def recover(results: Path) -> None:
    """Close what the last ones left."""
    for slot in SLOTS:
        close_dead_runs(results, slot, SystemClock())


def wrongs(results: Path, heard: Heard) -> Iterator[str]:
    """Everything that is not as it was said, one sentence each."""
    store = Store(results / STORE_FILE)
    try:
        store.check()
    except RigError as error:
        yield str(error)
    known = set()
    for folder in RunFolder.all_in(results):
        entries, damaged = scan_journal(folder.journal)
        if damaged:
            yield f"{folder.journal}: damaged lines {damaged}"
        if not entries:
            if folder.record.exists():
                yield f"{folder.path}: a record without a journal"
            continue
        run_id = entries[0].data["run_id"]
        known.add(run_id)
        yield from _half(folder, store, run_id)
        kept = sum(entry.kind == Kind.MEASUREMENT for entry in entries)
        if kept < heard.lines[run_id]:
            yield f"{run_id}: {heard.lines[run_id]} measurements were said to be kept, {kept} are"
    for run_id in sorted(heard.started - known):
        yield f"{run_id}: it was said to have begun, and is not there"
    with transaction(results / STORE_FILE) as database:
        rows = {row[0] for row in database.execute("SELECT run_id FROM runs")}
        for (station,) in database.execute("SELECT DISTINCT station FROM runs").fetchall():
            yield from chain_problems(database, station)
    for run_id in sorted(rows - known):
        yield f"{run_id}: a row without a journal"
    yield from _against_what_was_said(store, heard)


def _half(folder: RunFolder, store: Store, run_id: str) -> Iterator[str]:
    row, state = store.get(run_id), store.state_of(run_id)
    try:
        record = read_record(folder.record)
    except FileError as error:
        yield f"{run_id}: {error}"
        return
    if row is None:
        yield f"{run_id}: a record and no row"
    elif row != record:
        yield f"{run_id}: row and record differ"
    if state is State.PENDING:
        yield f"{run_id}: still pending"
    if not folder.junit.is_file():
        yield f"{run_id}: no JUnit file"


def _against_what_was_said(store: Store, heard: Heard) -> Iterator[str]:
    for run_id, verdict in (heard.recovered | heard.shown).items():
        row = store.get(run_id)
        if row is None:
            yield f"{run_id}: {verdict} was shown, and there is no row"
        elif row.verdict.value != verdict:
            yield f"{run_id}: {verdict} was shown, the row says {row.verdict.value}"
    for run_id in heard.shown:
        if store.state_of(run_id) is not State.CLOSED:
            yield f"{run_id}: it was shown and is not closed"
    for run_id in heard.carried:
        row = store.get(run_id)
        if row is None or row.verdict.value != "PASS" or row.eeprom is None or not row.eeprom.read_back:
            yield f"{run_id}: its board carries PASS, the store does not say so"


def told(results: Path, heard: Heard, odd: int) -> str:
    """How much was proved, in one line."""
    store = Store(results / STORE_FILE)
    states = Counter(store.state_of(run_id) for run_id in heard.started)
    return (
        f"{len(heard.started)} runs begun, {len(heard.shown)} shown, {states[State.VOID]} void, "
        f"{len(heard.recovered)} closed by the next process, {sum(heard.lines.values())} lines, "
        f"{odd} processes that ended by themselves"
    )


def main() -> int:
    """0 when nothing is missing, doubled, or there by half."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many processes are killed (200)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (1)")
    chosen = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="rig-") as folder:
        results = Path(folder)
        heard, odd = kill_often(results, chosen.kills, chosen.seed)
        recover(results)
        found = list(wrongs(results, heard))
        for sentence in found:
            print(sentence)
        print(
            f"{chosen.kills} kills, {told(results, heard, odd)}; {len(found)} found wrong, "
            f"{time.monotonic() - began:.0f} s, seed {chosen.seed}"
        )
    return 1 if found or odd else 0


if __name__ == "__main__":
    sys.exit(main())
