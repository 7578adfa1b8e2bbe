"""The journal: what happened, written the moment it happened, whatever becomes of the writer.

One JSON object a line: ``n`` (from 0), ``utc``, ``seconds`` (since the journal began), ``kind``,
``data``, and last ``crc32`` over the line's text before it. Each line is one write to a file opened
for appending, so a line that ``append`` returned from survives the death of its process. The disk
is told to keep it at ``sync``, on a thread of its own, and at ``close``, which waits. The writer
holds an flock on the file: a journal whose lock can be taken has lost its writer.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rig.clock import Clock
from rig.datafile import Data
from rig.errors import FileError
from rig.records.disksync import DiskSync
from rig.records.files import keeping
from rig.records.plain import plain

SEALED = re.compile(rb'(?P<body>.*),"crc32":"(?P<crc>[0-9a-f]{8})"\}', re.DOTALL)

# kept, and the walk over the data left to it: a line is written in the driver loop
_ENCODE = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=plain).encode


class Kind(StrEnum):
    """Kinds of lines that are read back to close a run whose process died; others are for people."""

    START = "start"              # data: RunStart
    MEASUREMENT = "measurement"  # data: MeasurementRecord
    EVENT = "event"              # data: Event
    EEPROM = "eeprom"            # data: EepromRecord; read_back: the board carries the run's result


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal."""

    number: int
    utc: datetime
    seconds: float
    kind: str
    data: dict[str, Any]


class Journal:
    """Appends to one run's journal, a new file. One thread writes.

    Raises StationFault when the disk refuses; a ``sync`` that it refused is told by the next call.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._next = 0
        with keeping(path):
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._descriptor: int | None = os.open(path, flags, 0o644)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        self._disk = DiskSync(self._descriptor, path)
        self._began = clock.now()

    def append(self, kind: str, /, **data: Any) -> None:
        """Write one line. When this returns, the line outlives the process."""
        try:
            text = _ENCODE(data)
        except ValueError:                      # what is no finite number, somewhere inside
            text = _ENCODE(plain(data))
        self._append(kind, text)

    def keep(self, kind: Kind, data: Data) -> None:
        """The same for data that is a part of the record, in half the time."""
        self._append(kind, data.model_dump_json())

    def _append(self, kind: str, data: str) -> None:
        self._disk.check()
        utc, seconds = self._clock.utc(), round(self._clock.now() - self._began, 6)
        line = _seal(
            f'{{"n":{self._next},"utc":"{utc.isoformat()}","seconds":{seconds!r},'
            f'"kind":{_ENCODE(kind)},"data":{data}'
        )
        with keeping(self._path):
            _write(self._open_descriptor(), line)
        self._next += 1

    def sync(self) -> None:
        """Have what was appended survive a power cut too, soon; returns at once."""
        self._open_descriptor()
        self._disk.ask()

    def settle(self) -> None:
        """Wait until it does."""
        self._open_descriptor()
        self._disk.settle()

    def close(self) -> None:
        """Settle, close and give the lock back; a second time does nothing."""
        if self._descriptor is not None:
            try:
                self.settle()
            finally:
                self._disk.end()
                os.close(self._descriptor)
                self._descriptor = None

    def _open_descriptor(self) -> int:
        if self._descriptor is None:
            raise ValueError(f"journal {self._path} is closed")
        return self._descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read_journal(path: Path) -> list[Entry]:
    """All lines of a journal; a torn last line was never acknowledged and is left out.

    Raises FileError for a file that cannot be read or a damaged line before the last.
    """
    entries, damaged = scan_journal(path)
    if damaged:
        raise FileError(path, f"line {damaged[0]}", "a damaged line", "a line whose crc32 holds")
    return entries


def scan_journal(path: Path) -> tuple[list[Entry], list[int]]:
    """What can be read of a journal, and the numbers (from 1) of damaged lines before the last.

    Raises FileError when the file cannot be read at all.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileError(path, "", error.strerror or str(error), "a journal") from error
    lines = content.split(b"\n")
    lines.pop()                                 # empty after a whole last line, else the torn one
    read = list(map(_open_seal, lines))
    damaged = [number for number, entry in enumerate(read, start=1) if entry is None]
    return [entry for entry in read if entry is not None], damaged


def first_entry(path: Path) -> Entry | None:
    """The first line of a journal that may be on and long; None when it is not whole, or not there."""
    try:
        with path.open("rb") as file:
            line = file.readline()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(path, "", error.strerror or str(error), "a journal") from error
    return _open_seal(line.removesuffix(b"\n")) if line.endswith(b"\n") else None


class DeadJournal:
    """A journal whose writer is gone, held so that nobody else closes the run at the same time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> Self | None:
        """Hold the journal at ``path``; None when its writer or somebody else holds it."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return cls(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)


def _seal(text: str) -> bytes:
    """The line of a JSON object that lacks its last brace."""
    body = text.encode()
    return b'%s,"crc32":"%08x"}\n' % (body, zlib.crc32(body))


def _open_seal(line: bytes) -> Entry | None:
    match = SEALED.fullmatch(line)
    if match is None or zlib.crc32(match["body"]) != int(match["crc"], 16):
        return None
    content = json.loads(match["body"] + b"}")
    return Entry(
        number=content["n"],
        utc=datetime.fromisoformat(content["utc"]),
        seconds=content["seconds"],
        kind=content["kind"],
        data=content["data"],
    )


def _write(descriptor: int, line: bytes) -> None:
    written = os.write(descriptor, line)
    if written != len(line):
        raise OSError(f"only {written} of {len(line)} bytes fitted")
