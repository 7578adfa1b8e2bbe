"""What ``proofs.outbox`` kills: a station that keeps runs and telemetry, and one that sends them."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rig.clock import SystemClock
from rig.datafile import load
from rig.destinations import TelemetryEntry
from rig.records import STORE_FILE, MadeBy, RunRecord, State, Store
from rig.records.outbox import uploader
from rig.records.outbox.service import Outbox, WaysOut, open_spool
from rig.records.plant.address import PlantAddress
from rig.records.repairs import Kind, Repair, RepairBook
from rig.records.telemetry.look import Identity, Look, Points
from rig.verdict import Verdict

CHIPS = 8
TELEMETRY_FILE, PLANT_FILE = "telemetry.yaml", "plant.txt"


def ways(results: Path) -> WaysOut:
    """Where the proof sends to."""
    plant = PlantAddress.of((results / PLANT_FILE).read_text(), None)
    return WaysOut(plant, load(results / TELEMETRY_FILE, TelemetryEntry))


def keep(results: Path, name: str, seed: int) -> None:
    """Runs, some pending first, repairs, telemetry; a line for each that is kept. Never returns."""
    chance, store, book = random.Random(seed), Store(results / STORE_FILE), RepairBook(results / STORE_FILE)
    entry = ways(results).telemetry
    if entry is None:
        raise ValueError("expected a telemetry section")
    spool = open_spool(results, entry, SystemClock())
    second = 0
    while True:
        run_id = f"{name}-{seed:08x}-{second:06d}"
        record = _record(run_id, name)
        if chance.random() < 0.4:
            store.put(record, State.PENDING)
            print("pending", run_id, flush=True)
        store.put(record)
        print("run", run_id, flush=True)
        if chance.random() < 0.2:
            did = f"replaced chip {second} of {run_id}"
            book.keep(Repair.told(record.serial, datetime.now(UTC), Kind.REPAIR, did=did, operator="proof",
                                  code="CHIP-WEAK", place="chip", run_id=run_id))
            print("repair", run_id, flush=True)
        points = Points(Identity(run_id, record.serial, "proof", name, "proof", "slot1", 5), run_is_tag=False)
        looks = [Look(watts=float(one), trials=(one,) * CHIPS, hits=(one,) * CHIPS, errors=(0,) * CHIPS)
                 for one in range(5)]
        ns = time.time_ns()
        spool.put([points.block("look", ns + 1000 * place, look.facts()) for place, look in enumerate(looks)])
        print("looks", run_id, len(looks), flush=True)
        second += 1
        time.sleep(chance.uniform(0.0, 0.02))


def send(results: Path) -> None:
    """Until it is killed. Waits are short: an outage of the proof lasts a second, not hours."""
    uploader.IDLE_SECONDS, uploader.FIRST_SECONDS = 0.05, 0.05
    uploader.MOST_SECONDS, uploader.HELD_SECONDS = 0.3, 0.3
    with Outbox(results, ways(results), SystemClock()):
        while True:
            time.sleep(60)


def _record(run_id: str, station: str) -> RunRecord:
    began = datetime.now(UTC)
    return RunRecord(
        run_id=run_id, serial=f"PROOF{station.upper()}0001", product="proof", slot="slot1", station=station,
        fixture="proof", simulated=True, started=began, ended=began + timedelta(seconds=1), seconds=1.0,
        made_by=MadeBy(rig_version="proof", plan={}), verdict=Verdict.PASS, board_verdict=Verdict.PASS,
    )
