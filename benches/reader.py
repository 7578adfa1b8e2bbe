"""One ingest process: link → decoder → verify → ledger for the boards behind some ptys.

    .venv/bin/python -m benches.reader SECONDS JOB_SECONDS PACK PTY…

One pty is read as a slot's own process reads it, through the rig's SerialLink; several are read in
one loop, all of them every 40 ms. Waits for a line on standard input, then prints one JSON object:
frames received and answers booked, CPU and wall seconds from the first job to the last block.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import tty
from pathlib import Path
from typing import Protocol

from rig.bm13xx.commands import ChainInactive, SendJob, encode
from rig.bm13xx.jobs import Job
from rig.fixture.chain_port import SerialLink
from rig.work.ingest import Ingest
from rig.work.issue import KnownAnswers
from rig.work.ledger import Ledger
from rig.work.pack import Pack, load_pack

READ_SECONDS = 0.04                  # a pty's buffer holds 60 ms of a full line
TTY_BYTES = 4095                     # the most that one read of a tty gives; less, and it is empty
FEED_ROUNDS = 5                      # blocks go on, and counts are looked at, every fifth of a second
DRAIN_SECONDS = 0.4
MHZ = 587.5
BAUD = 3_125_000


class BlockLink:
    """A raw port that a loop over many boards reads a block from, without waiting."""

    def __init__(self, path: str) -> None:
        self._port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._port)

    def write(self, data: bytes) -> None:
        os.write(self._port, data)

    def read(self, _seconds: float) -> bytes:
        parts = [b""]
        with contextlib.suppress(BlockingIOError):
            while len(parts) == 1 or len(parts[-1]) == TTY_BYTES:
                parts.append(os.read(self._port, 65_536))
        return b"".join(parts)


class Link(Protocol):
    """What both kinds of port offer."""

    def write(self, data: bytes) -> None: ...
    def read(self, seconds: float, /) -> bytes: ...


class Station:
    """One board's way from its link to its ledger."""

    def __init__(self, link: Link, pack: Pack, known: KnownAnswers, job_seconds: float) -> None:
        self.link, self._pack, self._job_seconds = link, pack, job_seconds
        self.ledger = Ledger(pack, pack.layout, pack.sweep_length, MHZ, known=known)
        self.ingest = Ingest(pack.model, time.monotonic(), self.ledger)
        self._jobs, self._due = 0, 0.0
        self._parts: list[bytes] = []

    def turn(self, now: float) -> None:
        """Renew the job when it is due, read what there is."""
        if now >= self._due:
            job = self._jobs % self._pack.jobs
            self.link.write(encode(SendJob(Job.from_header(job, self._pack.templates[job].tobytes()))))
            self.ledger.issue(job, job, now)
            self._jobs, self._due = self._jobs + 1, now + self._job_seconds
        self._parts.append(self.link.read(0.0))

    def take(self, now: float) -> None:
        """Decode, verify and book what was read, and look at the counts."""
        self.ingest.feed(b"".join(self._parts), now)
        self._parts.clear()
        self.ledger.tally(now)


def main() -> None:
    seconds, job_seconds, pack = float(sys.argv[1]), float(sys.argv[2]), load_pack(Path(sys.argv[3]))
    paths = sys.argv[4:]
    links: list[Link] = [SerialLink(paths[0], BAUD)] if len(paths) == 1 else [BlockLink(p) for p in paths]
    known = KnownAnswers(pack, pack.sweep_length, MHZ, 0)
    for job in range(pack.jobs):            # a pack is indexed before a board is powered
        known.job(job)
    stations = [Station(link, pack, known, job_seconds) for link in links]
    print("ready", flush=True)
    sys.stdin.readline()
    began, cpu = time.monotonic(), time.process_time()
    rounds = run(stations, began + seconds)
    cpu, wall = time.process_time() - cpu, time.monotonic() - began
    for station in stations:
        station.link.write(encode(ChainInactive()))
    deadline = time.monotonic() + DRAIN_SECONDS
    while (now := time.monotonic()) < deadline:
        for station in stations:
            station.turn(0.0)
            station.take(now)
        time.sleep(READ_SECONDS)
    tallies = [station.ledger.tally(now) for station in stations]
    print(json.dumps({
        "frames": sum(station.ingest.wire(now).nonce_frames for station in stations),
        "answers": sum(tally.answers for tally in tallies),
        "cpu_seconds": cpu, "wall_seconds": wall, "rounds": rounds,
    }))
    os._exit(0)                             # the link's reading thread has no end of its own


def run(stations: list[Station], until: float) -> int:
    """Rounds of reading over all boards, until the time is up; returns how many."""
    rounds, due = 0, time.monotonic()
    while (now := time.monotonic()) < until:
        for station in stations:
            station.turn(now)
        rounds += 1
        if rounds % FEED_ROUNDS == 0:
            for station in stations:
                station.take(now)
        due = max(due + READ_SECONDS, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
    return rounds


if __name__ == "__main__":
    main()
