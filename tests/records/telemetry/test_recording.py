from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest

from rig.clock import VirtualClock
from rig.records.folder import TELEMETRY_JOURNAL, RunFolder
from rig.records.telemetry.look import Identity, Look, Points
from rig.records.telemetry.recording import (
    MOST_WAITING,
    PARQUET_FILE,
    RunTelemetry,
    SpoolThread,
    finish_dead,
)
from rig.records.telemetry.spool import Spool

IDENTITY = Identity("20260101T080000Z-00c0de", "SIM0000000000001A", "s21pro", "bench-3", "sim", "slot1", 5)


def look(second: int) -> Look:
    return Look(watts=1000.0 + second, celsius=(40.0, None), trials=(second,) * 65, hits=(second,) * 65,
                errors=(0,) * 65)


def spool_in(path: Path) -> Spool:
    return Spool(path / "spool.db", VirtualClock(), most_bytes=10**8)


def lines_in(spool: Spool) -> list[str]:
    return [line for block in spool.take() for line in block.body.split("\n")]


def test_a_run_leaves_a_parquet_file_and_lines(tmp_path: Path) -> None:
    clock = VirtualClock()
    thread = SpoolThread(spool_in(tmp_path), Points(IDENTITY, run_is_tag=False))
    telemetry = RunTelemetry(tmp_path, IDENTITY, clock, thread)
    telemetry.mark("ramp")
    telemetry.look(Look(mhz=545.0))
    telemetry.mark("burn-in")
    for second in range(5):
        clock.sleep(1.0)
        telemetry.look(look(second))

    telemetry.close()

    assert telemetry.trouble() is None
    rows = pyarrow.parquet.read_table(tmp_path / PARQUET_FILE).to_pylist()
    assert [row["seconds"] for row in rows] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert [row["phase"] for row in rows] == ["ramp"] + ["burn-in"] * 5
    assert {row["mhz"] for row in rows} == {545.0}                      # what the ramp left
    assert rows[-1]["hits"] == [4] * 65
    assert rows[-1]["celsius"] == [40.0, None]
    assert not (tmp_path / TELEMETRY_JOURNAL).exists()
    assert len(lines_in(spool_in(tmp_path))) == 2 + 1 + 5 * 66


def test_the_file_can_be_asked(tmp_path: Path) -> None:
    telemetry = RunTelemetry(tmp_path, IDENTITY, VirtualClock())
    telemetry.look(look(7))
    telemetry.close()

    (row,) = duckdb.sql(
        f"SELECT max(watts), count(*) FROM (SELECT watts, unnest(hits) FROM '{tmp_path / PARQUET_FILE}')"
    ).fetchall()

    assert row == (1007.0, 65)


class SteppedClock(VirtualClock):
    """Somebody sets the time of day."""

    step = timedelta()

    def utc(self) -> datetime:
        return super().utc() + self.step


def test_a_clock_that_is_set_back_moves_no_point(tmp_path: Path) -> None:
    clock = SteppedClock(datetime(2026, 1, 1, 8, tzinfo=UTC))
    telemetry = RunTelemetry(tmp_path, IDENTITY, clock)
    for second in range(4):
        telemetry.look(look(second))
        clock.sleep(1.0)
        clock.step -= timedelta(hours=1)

    telemetry.close()

    times = pyarrow.parquet.read_table(tmp_path / PARQUET_FILE)["utc"].to_pylist()
    assert [(one - times[0]).total_seconds() for one in times] == [0.0, 1.0, 2.0, 3.0]
    assert times[0].isoformat() == "2026-01-01T08:00:00+00:00"


def test_a_broken_spool_is_told_once_and_the_file_is_whole(tmp_path: Path) -> None:
    (tmp_path / "spool.db").mkdir()
    thread = SpoolThread(spool_in(tmp_path), Points(IDENTITY, run_is_tag=False))
    telemetry = RunTelemetry(tmp_path, IDENTITY, VirtualClock(), thread)
    telemetry.look(look(1))

    telemetry.settle()

    assert "spool.db" in (telemetry.trouble() or "")
    assert telemetry.trouble() is None
    telemetry.close()
    assert pyarrow.parquet.read_table(tmp_path / PARQUET_FILE).num_rows == 1


def test_a_folder_that_cannot_be_written_is_told_and_the_spool_goes_on(tmp_path: Path) -> None:
    thread = SpoolThread(spool_in(tmp_path), Points(IDENTITY, run_is_tag=False))
    telemetry = RunTelemetry(tmp_path / "absent", IDENTITY, VirtualClock(), thread)
    telemetry.look(look(1))

    telemetry.close()

    assert TELEMETRY_JOURNAL in (telemetry.trouble() or "")
    assert len(lines_in(spool_in(tmp_path))) == 66


class Hanging(Spool):
    """A disk that does not answer until it is let go."""

    going = threading.Event()

    def put(self, bodies: object) -> int:
        self.going.wait(30)
        return 0


def test_a_spool_that_hangs_holds_up_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rig.records.telemetry.recording.SETTLE_SECONDS", 0.1)
    hanging = Hanging(tmp_path / "spool.db", VirtualClock(), most_bytes=10**6)
    telemetry = RunTelemetry(
        tmp_path, IDENTITY, VirtualClock(), SpoolThread(hanging, Points(IDENTITY, run_is_tag=False))
    )
    for _ in range(3 * MOST_WAITING):
        telemetry.look(Look(watts=1.0))

    telemetry.close()

    hanging.going.set()
    assert "the spool is too slow" in (telemetry.trouble() or "")
    assert pyarrow.parquet.read_table(tmp_path / PARQUET_FILE).num_rows == 3 * MOST_WAITING


RUNNER = """
import sys, time
from pathlib import Path
from rig.clock import SystemClock
from rig.records.telemetry.look import Identity, Look, Points
from rig.records.telemetry.recording import RunTelemetry, SpoolThread
from rig.records.telemetry.spool import Spool
folder = Path(sys.argv[1])
identity = Identity("run-1", "A", "s21pro", "bench-3", "sim", "slot1", 5)
spool = Spool(folder.parents[1] / "spool.db", SystemClock(), most_bytes=10**8)
thread = SpoolThread(spool, Points(identity, run_is_tag=False))
telemetry = RunTelemetry(folder, identity, SystemClock(), thread)
telemetry.mark("burn-in")
for second in range(100000):
    counts = (second,) * 65
    telemetry.look(Look(watts=float(second), trials=counts, hits=counts, errors=counts))
    print(second, flush=True)
    time.sleep(0.005)
"""


def test_what_was_taken_outlives_kill_9(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, "A", "run-1", datetime(2026, 1, 1, tzinfo=UTC))
    folder = run.path
    runner = subprocess.Popen([sys.executable, "-c", RUNNER, str(folder)], stdout=subprocess.PIPE)
    assert runner.stdout is not None
    for _ in range(40):
        runner.stdout.readline()
    assert finish_dead(tmp_path) == []                  # it lives
    os.kill(runner.pid, signal.SIGKILL)
    runner.communicate()

    spool = spool_in(tmp_path)
    assert finish_dead(tmp_path, spool) == [folder / PARQUET_FILE]

    watts = pyarrow.parquet.read_table(folder / PARQUET_FILE)["watts"].to_pylist()
    assert len(watts) >= 40
    assert watts == [float(second) for second in range(len(watts))]
    spool = Spool(tmp_path / "spool.db", VirtualClock(), most_bytes=10**8, batch_lines=10**6)
    board = {line for line in lines_in(spool) if line.startswith("rig_board")}
    assert len(board) == len(watts)                     # each point once, however often it was spooled
    assert finish_dead(tmp_path) == []
    assert list(RunFolder.unfinished_in(tmp_path)) == [run]         # its record is still to be made
