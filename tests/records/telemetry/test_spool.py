from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from rig.clock import VirtualClock
from rig.errors import StationFault
from rig.records.outbox.delivery import Refusal
from rig.records.telemetry import spool as spool_module
from rig.records.telemetry.spool import Spool

BODY = "\n".join(f"rig_chip,chip={chip} hits=1i 1767254400000000000" for chip in range(10))


def make(path: Path, most_bytes: int = 10_000_000, batch_lines: int = 40) -> Spool:
    return Spool(path / "spool.db", VirtualClock(), most_bytes=most_bytes, batch_lines=batch_lines)


def test_blocks_come_out_in_order_and_in_batches(tmp_path: Path) -> None:
    spool = make(tmp_path)
    spool.put([f"{BODY}{number}" for number in range(3)])
    spool.put([f"{BODY}{number}" for number in range(3, 7)])

    batches = []
    while taken := spool.take():
        batches.append([block.body[-1] for block in taken])
        spool.settle(taken, [])

    assert batches == [["0", "1", "2", "3"], ["4", "5", "6"]]
    assert (spool.depth().rows, spool.depth().size, spool.depth().oldest) == (0, 0, None)


def test_a_block_larger_than_a_batch_goes_alone(tmp_path: Path) -> None:
    spool = make(tmp_path, batch_lines=4)
    spool.put([BODY, BODY])

    assert [block.body for block in spool.take()] == [BODY]


def test_when_it_is_full_the_oldest_are_dropped_and_counted(tmp_path: Path) -> None:
    spool = make(tmp_path, most_bytes=20 * len(BODY))
    dropped = [spool.put([BODY]) for _ in range(100)]

    assert sum(dropped) == spool.dropped() == 10 * (100 - len(_all(spool)))
    assert 0.85 * spool.most_bytes < 18 * len(BODY) <= spool.depth().size <= spool.most_bytes
    assert spool.depth().rows == 10 * len(_all(spool))
    assert make(tmp_path).dropped() == spool.dropped()


def test_what_was_put_last_stays_when_it_is_full(tmp_path: Path) -> None:
    spool = make(tmp_path, most_bytes=10 * len(BODY))
    for number in range(40):
        spool.put([BODY + f"{number:02}"])

    assert _all(spool)[-1].endswith("39")


def test_dead_letters_are_kept_once_and_can_be_put_back(tmp_path: Path) -> None:
    spool = make(tmp_path)
    spool.put([BODY])
    for _ in range(2):
        (block,) = spool.take()
        lines = block.split()
        spool.settle([block], [Refusal(lines[3], "400 bad"), Refusal(lines[5], "400 bad")])
        spool.put([BODY])

    assert [letter.what for letter in spool.dead_letters()] == [lines[3].body, lines[5].body]
    spool.settle(spool.take(), [])
    assert spool.retry() == 2
    assert _all(spool) == [lines[3].body, lines[5].body]
    assert spool.dead_letters() == []


def test_dead_letters_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "MOST_DEAD_LETTERS", 5)
    spool = make(tmp_path)
    spool.put([BODY])
    (block,) = spool.take()

    spool.settle([block], [Refusal(line, "400 bad") for line in block.split()])

    assert [letter.what for letter in spool.dead_letters()] == BODY.split("\n")[5:]
    assert spool.dropped() == 5


def test_a_spool_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "spool.db").write_bytes(b"no database, but long enough to be looked at" * 20)

    with pytest.raises(StationFault, match=r"spool\.db: found .*, expected a spool"):
        make(tmp_path).put([BODY])


def test_a_full_disk_is_said_and_what_was_put_stays(tmp_path: Path) -> None:
    spool = make(tmp_path)
    spool.put([BODY])
    spool._connected().execute("PRAGMA max_page_count = 20")     # as a disk that has no more

    with pytest.raises(StationFault, match="full"):
        spool.put([BODY] * 1000)

    assert _all(spool) == [BODY]
    spool.put([BODY])                               # there is room again
    assert len(_all(make(tmp_path))) == 2


def test_a_newer_spool_is_left_alone(tmp_path: Path) -> None:
    make(tmp_path).put([BODY])
    with closing(sqlite3.connect(tmp_path / "spool.db")) as database:
        database.execute("PRAGMA user_version = 9")

    with pytest.raises(StationFault, match="found spool version 9"):
        make(tmp_path).depth()


WRITER = """
import sys
from pathlib import Path
from rig.clock import SystemClock
from rig.records.telemetry.spool import Spool
spool = Spool(Path(sys.argv[1]) / "spool.db", SystemClock(), most_bytes=10**9)
for number in range(100000):
    spool.put([f"a{sys.argv[2]} n={number}i 1"])
    print(number, flush=True)
"""


def test_what_was_put_outlives_kill_9_and_two_write_at_once(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name], stdout=subprocess.PIPE)
        for name in ("x", "y")
    ]
    said = {}
    for name, writer in zip("xy", writers, strict=True):
        assert writer.stdout is not None
        said[name] = [writer.stdout.readline() for _ in range(50)]
    for writer in writers:
        os.kill(writer.pid, signal.SIGKILL)
    for name, writer in zip("xy", writers, strict=True):
        said[name] += writer.communicate()[0].splitlines(keepends=True)

    kept = _all(make(tmp_path))
    for name, lines in said.items():
        numbers = [int(line) for line in lines if line.endswith(b"\n")]
        found = [body for body in kept if body.startswith(f"a{name}")]
        assert found[:len(numbers)] == [f"a{name} n={number}i 1" for number in numbers]


def _all(spool: Spool) -> list[str]:
    """All bodies, oldest first."""
    with spool._transaction() as database:
        return [row[0] for row in database.execute("SELECT body FROM spool ORDER BY number")]
