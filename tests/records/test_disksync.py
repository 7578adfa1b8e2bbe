from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.errors import StationFault
from rig.records.disksync import DiskSync

DEADLINE_SECONDS = 20.0


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


class Disk:
    """Counts fsyncs; each waits for ``go``."""

    def __init__(self) -> None:
        self.go, self.begun, self.count = threading.Event(), threading.Event(), 0

    def fsync(self, descriptor: int) -> None:
        self.begun.set()
        assert self.go.wait(DEADLINE_SECONDS)
        self.count += 1


def test_what_is_asked_while_one_is_under_way_is_one_more(
    file: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    sync = DiskSync(file, tmp_path / "file")
    sync.ask()
    assert disk.begun.wait(DEADLINE_SECONDS)
    for _ in range(10):
        sync.ask()
    assert disk.count == 0
    disk.go.set()
    sync.settle()
    assert disk.count <= 3, "one under way when the ten came, one for all of them, one for the settling"
    sync.end()


def test_settling_waits_for_what_was_written_before(
    file: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An fsync that began before the last line does not count for it."""
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    sync = DiskSync(file, tmp_path / "file")
    sync.ask()
    assert disk.begun.wait(DEADLINE_SECONDS)
    settled = threading.Event()
    waiter = threading.Thread(target=lambda: (sync.settle(), settled.set()))
    waiter.start()
    assert not settled.is_set()
    disk.go.set()
    waiter.join(DEADLINE_SECONDS)
    assert settled.is_set()
    assert disk.count == 2
    sync.end()


def test_a_file_that_cannot_be_synced_is_told_once(tmp_path: Path) -> None:
    read, write = os.pipe()
    try:
        sync = DiskSync(write, tmp_path / "pipe")
        with pytest.raises(StationFault, match="pipe: found Invalid argument"):
            sync.settle()
        sync.check()
        sync.end()
    finally:
        os.close(read)
        os.close(write)


def test_one_that_was_never_asked_ends_at_once(file: int, tmp_path: Path) -> None:
    DiskSync(file, tmp_path / "file").end()
