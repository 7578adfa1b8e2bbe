from __future__ import annotations

import errno
import json
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.clock import VirtualClock
from rig.errors import FileError, StationFault
from rig.records import Event, Journal, Kind, MeasurementRecord, RunRecord, read_journal
from rig.records.journal import DeadJournal, scan_journal

DEADLINE_SECONDS = 20.0

Make = Callable[..., RunRecord]


def write(path: Path, clock: VirtualClock, *texts: str) -> None:
    with Journal(path, clock) as journal:
        for text in texts:
            clock.sleep(0.5)
            journal.append("note", text=text, kind="said")


def test_lines_come_back(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, clock, "one", "two\nlines ½")
    entries = read_journal(path)
    assert [(entry.number, entry.kind, entry.data["text"]) for entry in entries] == [
        (0, "note", "one"), (1, "note", "two\nlines ½"),
    ]
    assert entries[1].seconds == 1.0
    assert entries[1].data["kind"] == "said"
    assert entries[0].utc.isoformat() == "2026-01-01T08:00:00.500000+00:00"


def test_each_line_is_json_with_its_own_checksum(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, clock, "one")
    line = path.read_text(encoding="ascii").rstrip("\n")
    body, crc = line[: line.rindex(',"crc32"')], json.loads(line)["crc32"]
    assert zlib.crc32(body.encode()) == int(crc, 16)


VALUES = st.none() | st.text() | st.integers() | st.floats() | st.lists(st.text())


@given(data=st.dictionaries(st.text(), VALUES))
def test_any_data_survives(data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    with Journal(path, VirtualClock()) as journal:
        journal.append("note", data=data)
    read = read_journal(path)[0].data["data"]
    assert set(read) == set(data)
    assert all(read[key] == value for key, value in data.items() if not isinstance(value, float))


def test_a_torn_last_line_is_left_out(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, clock, "one", "two")
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first, len(whole)):
        path.write_bytes(whole[:cut])
        assert [entry.data["text"] for entry in read_journal(path)] == ["one"]


def test_a_damaged_line_is_found_out(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, clock, "one", "two", "three")
    path.write_bytes(path.read_bytes().replace(b"two", b"tow"))
    with pytest.raises(FileError, match=r"line 2: found a damaged line"):
        read_journal(path)
    entries, damaged = scan_journal(path)
    assert ([entry.data["text"] for entry in entries], damaged) == (["one", "three"], [2])


def test_no_journal(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="found No such file"):
        read_journal(tmp_path / "absent")


def test_a_journal_is_begun_once(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, clock, "one")
    with pytest.raises(StationFault, match="File exists"):
        Journal(path, clock)


def test_a_closed_journal_takes_nothing(tmp_path: Path, clock: VirtualClock) -> None:
    journal = Journal(tmp_path / "journal.jsonl", clock)
    journal.append("note")
    journal.sync()
    journal.close()
    journal.close()
    with pytest.raises(ValueError, match="is closed"):
        journal.append("note")


def test_a_full_disk_is_the_stations_fault(clock: VirtualClock, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl", clock)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, journal._open_descriptor())
    os.close(full)
    with pytest.raises(StationFault, match="No space left on device"):
        journal.append("note")
    with pytest.raises(StationFault):
        journal.close()


def test_its_lock_tells_whether_the_writer_lives(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, clock)
    assert DeadJournal.take(path) is None
    journal.close()
    held = DeadJournal.take(path)
    assert held is not None
    with held:
        assert DeadJournal.take(path) is None
    again = DeadJournal.take(path)
    assert again is not None
    with again:
        pass


WRITER = """
import sys
from pathlib import Path
from rig.clock import SystemClock
from rig.records import Journal
journal = Journal(Path(sys.argv[1]), SystemClock())
number = 0
while True:
    journal.append("tick", number=number, filler="x" * (number % 5000))
    print(number, flush=True)
    number += 1
"""


@pytest.mark.parametrize("seed", range(5))
def test_every_acknowledged_line_outlives_kill_9(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = []
    until = random.Random(seed).randrange(1, 4_000)
    deadline = time.monotonic() + DEADLINE_SECONDS
    for line in writer.stdout:
        acknowledged.append(int(line))
        if len(acknowledged) >= until or time.monotonic() > deadline:
            os.kill(writer.pid, signal.SIGKILL)
            break
    acknowledged += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
    assert writer.wait(DEADLINE_SECONDS) == -signal.SIGKILL
    writer.stdout.close()
    read = [entry.data["number"] for entry in read_journal(path)]
    assert len(acknowledged) >= min(until, 2)
    assert read[: len(acknowledged)] == acknowledged
    assert read == list(range(len(read)))
    held = DeadJournal.take(path)
    assert held is not None, "the dead writer's lock is free"
    with held:
        pass


def test_a_part_of_the_record_is_kept_as_it_stands(tmp_path: Path, clock: VirtualClock, make: Make) -> None:
    path = tmp_path / "journal.jsonl"
    event = Event(at_seconds=1.5, kind="phase", text="soak ½ \u2028 \"so\"")
    with Journal(path, clock) as journal:
        for taken in make().measurements:
            journal.keep(Kind.MEASUREMENT, taken)
        journal.keep(Kind.EVENT, event)
        journal.append("event", **event.model_dump())
    *measured, kept, appended = read_journal(path)
    assert tuple(MeasurementRecord.model_validate(entry.data) for entry in measured) == make().measurements
    assert {entry.kind for entry in measured} == {"measurement"}
    assert Event.model_validate(kept.data) == event
    assert appended.data == kept.data


def test_what_is_no_number_is_null_however_deep(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path, clock) as journal:
        journal.append("note", values=[[1.5, math.nan], {"rate": math.inf}], array=np.array([np.nan, 2.0]))
    assert read_journal(path)[0].data == {"values": [[1.5, None], {"rate": None}], "array": [None, 2.0]}


def test_a_slow_disk_does_not_hold_up_the_writer(
    tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is held up until the lines after the sync are written; close waits for it."""
    path = tmp_path / "journal.jsonl"
    go, threads = threading.Event(), []

    def slow(descriptor: int) -> None:
        threads.append(threading.current_thread())
        assert go.wait(DEADLINE_SECONDS)

    monkeypatch.setattr(os, "fsync", slow)
    journal = Journal(path, clock)
    for number in range(3):
        journal.append("note", number=number)
        journal.sync()
    assert [entry.data["number"] for entry in read_journal(path)] == [0, 1, 2]
    go.set()
    journal.close()
    assert threads
    assert threading.current_thread() not in threads
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("how", ["append", "settle", "close"])
def test_a_sync_that_failed_is_told_once_by_the_next_call(
    how: str, tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int) -> None:
        refused.set()
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    refused = threading.Event()
    monkeypatch.setattr(os, "fsync", refuse)
    journal = Journal(tmp_path / "journal.jsonl", clock)
    journal.sync()
    assert refused.wait(DEADLINE_SECONDS)
    monkeypatch.undo()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while journal._disk._refusal is None and time.monotonic() < deadline:
        journal._disk._thread.join(0.001)
    call = {"append": lambda: journal.append("note"), "settle": journal.settle, "close": journal.close}[how]
    with pytest.raises(StationFault, match=r"journal\.jsonl: found Input/output error"):
        call()
    if how != "close":
        journal.append("note", text="the run goes on to its end")
    journal.close()
    held = DeadJournal.take(tmp_path / "journal.jsonl")
    assert held is not None, "its lock is free whatever the disk said"
    with held:
        pass
