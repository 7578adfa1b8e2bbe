"""What the way out costs: queueing a run, a second's telemetry, and what an uploader brings to a server."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from rig.clock import SystemClock
from rig.destinations import Backend, TelemetryEntry
from rig.records import STORE_FILE, MadeBy, RunRecord, Store
from rig.records.outbox.influx import TelemetrySender
from rig.records.outbox.uploader import Uploader
from rig.records.telemetry.look import Identity, Look, Points
from rig.records.telemetry.recording import RunTelemetry, SpoolThread
from rig.records.telemetry.spool import Block, Spool
from rig.verdict import Verdict

IDENTITY = Identity("bench", "BENCH0000000000001", "s21pro", "bench", "sim", "slot1", 5)
LOOK = Look(
    mhz=545.0, supply_volts=13.70948, supply_amps=76.02911, meter_volts=13.7108, meter_amps=76.0497,
    watts=1042.7, watt_hours=23.9952, terminal_volts=13.6012, fan_share=0.5267, domain_volts=(1.0463,) * 13,
    celsius=(45.4375, 50.75, 53.5625, 56.5625), trials=(6705,) * 65, hits=(6699,) * 65, errors=(1,) * 65,
)
RUNS, SECONDS, SENT_SECONDS = 200, 2_000, 1_500


@dataclass(frozen=True, slots=True)
class Costs:
    """Milliseconds of CPU; lines a second."""

    stored_milliseconds: float          # a run, without a queue
    queued_milliseconds: float          # a run, queued with it
    loop_milliseconds: float            # a second's telemetry, in the driver loop
    thread_milliseconds: float          # and in the thread that spools it
    lines_per_second: float             # the uploader, to a server that does nothing with them
    lines_per_cpu_second: float

    @property
    def queue_ratio(self) -> float:
        """A stored run with its place in the queue, against one without."""
        return self.queued_milliseconds / self.stored_milliseconds

    @property
    def boards(self) -> float:
        """Boards at work whose telemetry one core can upload."""
        return self.lines_per_cpu_second / (len(LOOK.hits) + 1)


def measure() -> Costs:
    """All of it, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="rig-") as folder:
        stored, queued = _runs(Path(folder))
        loop, thread = _telemetry(Path(folder))
        wall, cpu, lines = _upload(Path(folder))
    return Costs(stored, queued, loop, thread, lines / wall, lines / cpu)


def _runs(folder: Path) -> tuple[float, float]:
    """Milliseconds of CPU a run, without and with the queue; taken in turns, the better of each."""
    best = {False: float("inf"), True: float("inf")}
    for place in range(4):
        queued = bool(place % 2)
        path = folder / f"{place}" / STORE_FILE
        path.parent.mkdir()
        store = Store(path)
        if not queued:
            with closing(sqlite3.connect(path)) as database:
                database.execute("DROP TRIGGER run_insert_goes_out")
        records = [_record(number) for number in range(RUNS)]
        began = time.process_time()
        for record in records:
            store.put(record)
        best[queued] = min(best[queued], time.process_time() - began)
    return best[False] / RUNS * 1e3, best[True] / RUNS * 1e3


def _telemetry(folder: Path) -> tuple[float, float]:
    """Milliseconds of CPU a second of a run: in the driver loop, and in the thread beside it."""
    spool = Spool(folder / "spool.db", SystemClock(), most_bytes=10**9)
    thread = SpoolThread(spool, Points(IDENTITY, run_is_tag=False))
    telemetry = RunTelemetry(folder, IDENTITY, SystemClock(), thread)
    in_loop, all_began = 0.0, time.process_time()
    for _ in range(SECONDS):
        began = time.thread_time()
        telemetry.look(LOOK)
        in_loop += time.thread_time() - began
        time.sleep(0.001)
    telemetry.settle()
    whole = time.process_time() - all_began
    return in_loop / SECONDS * 1e3, (whole - in_loop) / SECONDS * 1e3


class _Taker(BaseHTTPRequestHandler):
    """Takes everything."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nobody asks."""


def _upload(folder: Path) -> tuple[float, float, int]:
    """Wall seconds, CPU seconds of the uploader's thread, and lines."""
    spool = Spool(folder / "full.db", SystemClock(), most_bytes=10**9)
    points, lines = Points(IDENTITY, run_is_tag=False), SENT_SECONDS * (len(LOOK.hits) + 1)
    spool.put([points.block("look", 10**18 + second, LOOK.facts()) for second in range(SENT_SECONDS)])
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Taker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    entry = TelemetryEntry(
        backend=Backend.V2, url=f"http://127.0.0.1:{server.server_address[1]}", org="bench", bucket="rig"
    )
    uploader: Uploader[Block] = Uploader(spool, TelemetrySender(entry), SystemClock())
    uploader.step()                         # opens, and imports
    before = spool.depth().rows
    wall, cpu = time.monotonic(), time.thread_time()
    while uploader.step() == 0.0:
        pass
    wall, cpu = time.monotonic() - wall, time.thread_time() - cpu
    uploader.end(by_itself=False)
    server.shutdown()
    server.server_close()
    return wall, cpu, min(before, lines)


def _record(number: int) -> RunRecord:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return RunRecord(
        run_id=f"bench-{number}", serial="BENCH0000000000001", product="bench", slot="slot1", station="bench",
        fixture="sim", simulated=True, started=at, ended=at, seconds=1.0,
        made_by=MadeBy(rig_version="0", plan={}),
        verdict=Verdict.PASS, not_taken=tuple(f"measurement_{place}" for place in range(2_000)),
    )


def show(costs: Costs) -> Sequence[str]:
    """In words."""
    return (
        f"outbox: a run stored in {costs.stored_milliseconds:.2f} ms of CPU, queued with it in "
        f"{costs.queued_milliseconds:.2f} ms: ratio {costs.queue_ratio:.2f}",
        f"telemetry: a second of a run takes {costs.loop_milliseconds:.3f} ms in the driver loop, "
        f"{costs.thread_milliseconds:.2f} ms beside it: {costs.loop_milliseconds / 10:.3f} % and "
        f"{costs.thread_milliseconds / 10:.2f} % of a core",
        f"uploader: {costs.lines_per_second:,.0f} lines/s, {costs.lines_per_cpu_second:,.0f} a core-second: "
        f"{costs.boards:,.0f} boards a core",
    )


if __name__ == "__main__":
    for line in show(measure()):
        print(line)
    print(f"load {os.getloadavg()[0]:.1f}")
