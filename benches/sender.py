"""The boards of the ingest bench: one process, a pty a board, known answers at a stated rate.

    .venv/bin/python -m benches.sender BOARDS FRAMES_PER_SECOND PACK

Prints the ptys as a JSON list. A board begins a job's answers when the job frame comes and sends
nothing more after ChainInactive; when standard input ends, prints how many frames each has sent.
A real line's driver keeps 64 KiB for its reader, a pty 12 KiB: the rest of it is kept here, and what
does not fit is lost, as on a real line, and counts as sent.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
import time
import tty
from dataclasses import dataclass, field
from pathlib import Path

from rig.bm13xx.commands import ChainInactive, CommandDecoder, SendJob
from rig.bm13xx.replies import LONG, encode_nonces
from rig.work.pack import Pack, load_pack

TICK_SECONDS = 0.005
KEPT_BYTES = 52 * 1024


def streams(pack: Pack) -> dict[bytes, bytes]:
    """Each job's replies, in the order of its sweep, by the first 76 bytes of its header."""
    found = {}
    for job in range(pack.jobs):
        rows = pack.answers_of(job)
        frames = encode_nonces(pack.word[rows], job, pack.sub_core[rows], pack.version_bits[rows], 0)
        found[pack.templates[job].tobytes()[:76]] = frames.tobytes()
    return found


@dataclass
class Board:
    """One pty and what goes out on it."""

    streams: dict[bytes, bytes]
    frames_per_second: float
    frames_sent: int = 0
    _stream: bytes = b""
    _begun: float = 0.0
    _at: int = 0
    _kept: bytearray = field(default_factory=bytearray)
    _decoder: CommandDecoder = field(default_factory=CommandDecoder)

    def __post_init__(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)                   # and kept open: the line is there before its reader
        os.set_blocking(self.master, False)
        self.path = os.ttyname(slave)

    def turn(self, now: float) -> None:
        """Read the host's commands, send what is due."""
        with contextlib.suppress(BlockingIOError):
            for command in self._decoder.feed(os.read(self.master, 65_536)):
                if isinstance(command, SendJob):
                    self._stream = self.streams[command.job.header(0, 0)[:76]]
                    self._begun, self._at = now, 0
                elif isinstance(command, ChainInactive):
                    self._stream = b""
        due = min(len(self._stream) // LONG, int((now - self._begun) * self.frames_per_second)) * LONG
        if due > self._at:
            self.frames_sent += (due - self._at) // LONG
            if len(self._kept) < KEPT_BYTES:
                self._kept += self._stream[self._at:due]
            self._at = due
        if self._kept:
            with contextlib.suppress(BlockingIOError):
                del self._kept[:os.write(self.master, self._kept)]


def main() -> None:
    count, rate, pack = int(sys.argv[1]), float(sys.argv[2]), load_pack(Path(sys.argv[3]))
    found = streams(pack)
    boards = [Board(found, rate) for _ in range(count)]
    print(json.dumps([board.path for board in boards]), flush=True)
    next_turn = time.monotonic()
    while not select.select([sys.stdin], [], [], max(0.0, next_turn - time.monotonic()))[0]:
        now = time.monotonic()
        next_turn = max(now, next_turn + TICK_SECONDS)
        for board in boards:
            board.turn(now)
    print(json.dumps([board.frames_sent for board in boards]))


if __name__ == "__main__":
    main()
