"""``make prove-power``: whoever is killed, whenever, the board goes off; how soon, how often tried.

Time to off is the bench's own physics against the moment of the blow: output off and below 1 A.
"""

from __future__ import annotations

import argparse
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from proofs.bench import ROOT, PowerBench
from proofs.stationed import Stationed
from proofs.victims import Holder, Victims
from rig.fixturefile import load_fixture

DEAD_SECONDS, STOPPED_SECONDS, ASKED_SECONDS = 0.1, 1.1, 5.0
ESTOP_SECONDS, UNPLUGGED_SECONDS = 0.3, 3.0
WATCHDOG_SECONDS = 2.0                  # of every slot in both benches' files
WATCHDOGS = ROOT / "proofs" / "watchdogs.yaml"
PATIENCE_SECONDS = 20.0                 # then it counts as a failure without a time
LIVE_SECONDS = 60.0
RUN_SECONDS, RECORD_SECONDS = 240.0, 30.0   # a whole run on a busy machine, and what comes after its off
AROUND_SECONDS = 0.05
LONGEST_WAIT = {Holder.WORKER: 1.5, Holder.PYTEST: 18.0, Holder.RUN: 18.0}

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSTOP)


@dataclass(frozen=True, slots=True)
class Blow:
    """One kind of end. ``most_seconds`` is the time to off that is still right."""

    kind: str
    most_seconds: float
    strike: Callable[[Trial, str], float | None]


@dataclass(slots=True)
class Tally:
    """Seconds to off of one kind; infinity where it did not come."""

    most_seconds: float
    seconds: list[float] = field(default_factory=list)

    @property
    def failures(self) -> int:
        return sum(one > self.most_seconds for one in self.seconds)


class Trial:
    """Blows by the dozen, in all slots at once, each at a moment of its own."""

    def __init__(self, bench: PowerBench, seed: int) -> None:
        self._bench = bench
        self._victims = Victims(bench)
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self.tallies: dict[str, Tally] = {}

    def run(self, blows: Sequence[Blow]) -> None:
        """Every blow once, spread over the slots; a slot's next follows when it is off."""
        left: queue.SimpleQueue[Blow] = queue.SimpleQueue()
        for blow in self._random.sample(blows, len(blows)):
            left.put(blow)
        threads = [
            threading.Thread(target=self._slot, args=(slot, left), name=slot) for slot in self._bench.slots
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def kill_guard(self) -> None:
        """SIGKILL to the guard while all slots are live; nobody starts another before they are off."""
        slots = load_fixture(self._bench.fixture).slots
        holders = [self._victims.start(Holder.WORKER, slot) for slot in self._bench.slots]
        try:
            for slot in self._bench.slots:
                if self._bench.watcher.when_live(slot, LIVE_SECONDS) is None:
                    raise TimeoutError(f"{slot} did not go live in {LIVE_SECONDS:g} s")
            time.sleep(self._random.uniform(0.0, 1.0))
            struck = self._bench.kill_guard()
            for slot in self._bench.slots:
                off = self._bench.watcher.when_off(slot, PATIENCE_SECONDS)
                whose = slots[slot].watchdog
                kind = f"guard SIGKILL, {whose.value if whose else 'supply'}"
                self._count(kind, WATCHDOG_SECONDS + 0.2, struck, off)
        finally:
            for holder in holders:
                holder.kill()
                holder.wait(10)
            self._bench.start_guard()

    def strike_station(self, number: signal.Signals, serial: str) -> None:
        """A station loses its life while all its slots are live: one run dies with it, the rest go on.

        Those end by themselves, off; a run without a record counts as never off.
        """
        options = {"fixture": str(self._bench.fixture), "plans": str(ROOT / "testplans"),
                   "scenario": str(self._victims.scenario_for_all())}
        station = Stationed(self._bench.folder, self._bench.runtime, options)
        station.start()
        for place, _ in enumerate(self._bench.slots, start=1):
            station.begin(place, f"{serial[:-1]}{place}")
        for slot in self._bench.slots:
            if self._bench.watcher.when_live(slot, LIVE_SECONDS) is None:
                raise TimeoutError(f"{slot} did not go live in {LIVE_SECONDS:g} s")
        time.sleep(self._random.uniform(0.0, LONGEST_WAIT[Holder.RUN]))
        first, *others = self._bench.slots
        victim, struck = station.pid(first), time.monotonic()
        os.kill(victim, signal.SIGKILL)
        station.end(number)
        off = self._bench.watcher.when_off(first, PATIENCE_SECONDS)
        self._count(f"station {number.name}, its run SIGKILL", DEAD_SECONDS, struck, off)
        for place, slot in enumerate(others, start=2):
            off = self._bench.watcher.when_off(slot, RUN_SECONDS)
            kept = self._victims.has_record(f"{serial[:-1]}{place}", RECORD_SECONDS)
            self._count(f"station {number.name}, its run goes on", RUN_SECONDS, struck, off if kept else None)

    def signalled(self, holder: Holder, number: signal.Signals) -> Callable[[Trial, str], float | None]:
        """A holder of the lease gets ``number`` at a random moment."""

        def strike(_trial: Trial, slot: str) -> float | None:
            process = self._victims.start(holder, slot)
            try:
                if self._bench.watcher.when_live(slot, LIVE_SECONDS) is None:
                    return None
                time.sleep(self._uniform(LONGEST_WAIT[holder]))
                if process.poll() is not None or not self._bench.watcher.live(slot):
                    return None
                struck = time.monotonic()
                process.send_signal(number)
                return self._seconds(slot, struck)
            finally:
                _end(process, 30 if number in (signal.SIGTERM, signal.SIGINT) else 0)

        return strike

    def faulty(self, kind: str, *, killed: bool) -> Callable[[Trial, str], float | None]:
        """A fault of the bench at a random moment; with ``killed`` its run dies at the same time."""

        def strike(_trial: Trial, slot: str) -> float | None:
            at = round(0.5 + self._uniform(LONGEST_WAIT[Holder.RUN]), 2)
            process = self._victims.start(Holder.RUN, slot, [{"kind": kind, "at_seconds": at}])
            try:
                began = self._bench.watcher.when_live(slot, LIVE_SECONDS)
                if began is None:
                    return None
                struck = began + at
                # the blow to the run falls a moment before or after the fault: into the order it causes
                time.sleep(max(0.0, struck - AROUND_SECONDS - time.monotonic()))
                if not self._bench.watcher.live(slot):
                    return None
                if killed:
                    time.sleep(self._uniform(2 * AROUND_SECONDS))
                    struck = min(struck, time.monotonic())
                    process.kill()
                return self._seconds(slot, struck)
            finally:
                _end(process, 0 if killed else 60)
                self._tidy(kind, slot)

        return strike

    def _tidy(self, kind: str, slot: str) -> None:
        """A fresh board stands in for the hand that closes the loop; then a named person's word."""
        self._bench.watcher.when_off(slot, PATIENCE_SECONDS)
        self._bench.place(slot)
        if kind == "estop":
            self._bench.command(
                "guard", "release", slot, "--operator", "proof", "--fixture", str(self._bench.fixture)
            )

    def _slot(self, slot: str, left: queue.SimpleQueue[Blow]) -> None:
        while True:
            try:
                blow = left.get_nowait()
            except queue.Empty:
                return
            for _ in range(3):
                seconds = blow.strike(self, slot)
                if seconds is not None:
                    break
            self._count(blow.kind, blow.most_seconds, 0.0, seconds)
            self._bench.watcher.when_off(slot, PATIENCE_SECONDS)

    def _seconds(self, slot: str, struck: float) -> float:
        """From the blow to off; infinity when it does not come. An earlier off counts as none at all."""
        off = self._bench.watcher.when_off(slot, PATIENCE_SECONDS)
        return float("inf") if off is None else max(0.0, off - struck)

    def _uniform(self, most: float) -> float:
        with self._lock:
            return self._random.uniform(0.0, most)

    def _count(self, kind: str, most: float, struck: float, off: float | None) -> None:
        seconds = float("inf") if off is None else max(0.0, off - struck)
        with self._lock:
            self.tallies.setdefault(kind, Tally(most)).seconds.append(seconds)
            done = sum(len(tally.seconds) for tally in self.tallies.values())
            sys.stderr.write(f"\r{done} blows, the last: {kind}, {seconds:.3f} s" + " " * 20)
            sys.stderr.flush()


def blows_for(trial: Trial, kills: int, guard_kills: int) -> list[Blow]:
    """``kills`` blows less those that are dealt to the guard, evenly over all kinds."""
    kinds = [
        Blow(f"{holder.value} {number.name}", _most(number), trial.signalled(holder, number))
        for holder in LONGEST_WAIT for number in SIGNALS
    ]
    kinds += [
        Blow("unplugged in an order", UNPLUGGED_SECONDS, trial.faulty("supply_unreachable", killed=True)),
        Blow("e-stop", ESTOP_SECONDS, trial.faulty("estop", killed=False)),
    ]
    return [kinds[place % len(kinds)] for place in range(max(len(kinds), kills - guard_kills))]


def table(tallies: dict[str, Tally]) -> str:
    """Kind, how often, time to off, bound, failures."""
    lines = [f"{'kind':30} {'n':>4} {'median s':>9} {'max s':>9} {'bound s':>8} {'failures':>9}"]
    for kind, tally in sorted(tallies.items()):
        lines.append(
            f"{kind:30} {len(tally.seconds):4d} {median(tally.seconds):9.3f} {max(tally.seconds):9.3f} "
            f"{tally.most_seconds:8.1f} {tally.failures:9d}"
        )
    count = sum(len(tally.seconds) for tally in tallies.values())
    failures = sum(tally.failures for tally in tallies.values())
    return "\n".join((*lines, f"{count} blows, {failures} failures"))


def main() -> int:
    """0 when no blow left a slot live beyond its bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many blows (200)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (1)")
    parser.add_argument("--watchdogs", action="store_true", help="only the blows to the guard")
    chosen = parser.parse_args()
    began = time.monotonic()
    with PowerBench() as bench:
        trial = Trial(bench, chosen.seed)
        rounds = max(1, round(chosen.kills * 0.08 / len(bench.slots)))
        if not chosen.watchdogs:
            trial.run(blows_for(trial, chosen.kills, 2 * rounds * len(bench.slots)))
        for _ in range(rounds):
            trial.kill_guard()
        for place, number in enumerate(() if chosen.watchdogs else (signal.SIGKILL, signal.SIGTERM)):
            trial.strike_station(number, f"S21PSTATION{place}00000")
    tallies = trial.tallies
    with PowerBench(WATCHDOGS) as bench:
        trial = Trial(bench, chosen.seed)
        for _ in range(rounds):
            trial.kill_guard()
    tallies |= trial.tallies
    print(f"\n{table(tallies)}, {(time.monotonic() - began) / 60:.1f} min, seed {chosen.seed}")
    return 1 if any(tally.failures for tally in tallies.values()) else 0


def _most(number: signal.Signals) -> float:
    if number is signal.SIGSTOP:
        return STOPPED_SECONDS
    return DEAD_SECONDS if number is signal.SIGKILL else ASKED_SECONDS


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for its own end, then make it."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait(10)


if __name__ == "__main__":
    sys.exit(main())
