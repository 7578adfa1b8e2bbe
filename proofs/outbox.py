"""``make prove-outbox``: whoever keeps, sends or receives is killed, whenever; nothing is lost or doubled.

Two stations keep runs, repairs and telemetry; each has a process that sends them to one PostgreSQL and one
InfluxDB 1.x, both real. Stations, senders and servers are killed with SIGKILL at random moments, servers stay
away for a while. In the end what every process said that it had kept is held against what the servers have.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from urllib.parse import quote

import psycopg

from proofs.outbox_station import CHIPS, PLANT_FILE, TELEMETRY_FILE, keep, send, ways
from proofs.servers import Influx, Postgres, Server, eventually
from rig.clock import SystemClock
from rig.records.outbox.service import status
from rig.records.plant.address import PlantAddress
from rig.records.plant.migrations import prepare
from rig.records.plant.postgres import PlantConnection

STATIONS = ("a", "b")
SAID_FILE = "said.txt"
AWAY_SECONDS = 1.5              # a server, at most
DRAINED_SECONDS = 180.0


@dataclass
class Station:
    """A results folder, the process that keeps there and the one that sends, forked from this one."""

    results: Path
    name: str
    chance: random.Random
    keeper: int | None = None
    sender: int | None = None

    @property
    def said(self) -> list[str]:
        """What those that kept said that they had kept, a line each."""
        file = self.results / SAID_FILE
        return file.read_text().splitlines() if file.exists() else []

    def begin_keeping(self) -> None:
        seed = self.chance.randrange(1 << 30)
        self.keeper = _forked(self.results, lambda: keep(self.results, self.name, seed))

    def begin_sending(self) -> None:
        self.sender = _forked(self.results, lambda: send(self.results))

    def kill_keeper(self) -> None:
        self.keeper = _killed(self.keeper)

    def kill_sender(self) -> None:
        self.sender = _killed(self.sender)


def _forked(results: Path, work: Callable[[], None]) -> int:
    """A process that does ``work`` until it is killed; what it prints goes to the file of what was said."""
    process = os.fork()
    if process:
        return process
    try:
        os.dup2(os.open(results / SAID_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), 1)
        sys.stdout = os.fdopen(1, "w", buffering=1)
        work()
    except BaseException:       # whatever it is: it is told here, and not in a copy of the parent
        traceback.print_exc()
    finally:
        os._exit(1)


def _killed(process: int | None) -> None:
    if process is not None:
        os.kill(process, signal.SIGKILL)
        _, ended = os.waitpid(process, 0)
        if not os.WIFSIGNALED(ended):
            raise RuntimeError("found a process that ended by itself, expected one to kill")


def kill_often(stations: list[Station], servers: list[Server], kills: int, seed: int) -> Counter[str]:
    """``kills`` deaths; how many of whom."""
    chance, dead = random.Random(seed), Counter[str]()
    for station in stations:
        station.begin_keeping()
        station.begin_sending()
    while dead.total() < kills:
        time.sleep(chance.uniform(0.05, 1.0))
        station = chance.choice(stations)
        match chance.choices(("keeper", "sender", "server"), (3, 4, 2))[0]:
            case "keeper":
                station.kill_keeper()
                station.begin_keeping()
                dead["stations"] += 1
            case "sender":
                station.kill_sender()
                station.begin_sending()
                dead["senders"] += 1
            case _:
                server = chance.choice(servers)
                server.kill()
                time.sleep(chance.uniform(0.0, AWAY_SECONDS))
                server.start()
                dead[type(server).__name__] += 1
    return dead


def drained(station: Station) -> bool:
    """Whether nothing waits any more."""
    found = status(station.results, ways(station.results), SystemClock())
    return all(one.depth == 0 for one in found.destinations)


def wrongs(stations: list[Station], postgres: Postgres, influx: Influx) -> tuple[Counter[str], Counter[str]]:
    """What was kept, and what of it is lost, doubled or as it should not be."""
    kept, wrong = Counter[str](), Counter[str]()
    words = [line.split() for station in stations for line in station.said]
    runs = {word[1] for word in words if word[0] == "run"}
    pending = {word[1] for word in words if word[0] == "pending"} - runs
    repairs = {word[1] for word in words if word[0] == "repair"}
    looks = {word[1]: int(word[2]) for word in words if word[0] == "looks"}
    with psycopg.connect(postgres.url) as database:
        states: dict[str, list[str]] = {}
        for run_id, state in database.execute("SELECT run_id, state FROM rig.runs"):
            states.setdefault(run_id, []).append(state)
        repaired = Counter(row[0] for row in database.execute("SELECT run_id FROM rig.repairs"))
    kept.update(runs=len(runs | pending), repairs=len(repairs), points=sum(looks.values()) * (CHIPS + 1))
    wrong["runs lost"] = len((runs | pending) - states.keys())
    wrong["runs doubled"] = sum(len(found) > 1 for found in states.values())
    wrong["closed runs still pending"] = sum(states.get(run_id, ["closed"]) != ["closed"] for run_id in runs)
    wrong["repairs lost"] = len(repairs - repaired.keys())
    wrong["repairs doubled"] = sum(count > 1 for count in repaired.values())
    found = points(influx)
    wrong["points lost"] = sum(max(0, (CHIPS + 1) * count - found[run_id]) for run_id, count in looks.items())
    # a process that was killed between keeping and saying so may have kept one more second's worth
    wrong["points doubled"] = sum(
        found[run_id] > (CHIPS + 1) * looks.get(run_id, 5) for run_id in found
    )
    dead = [status(one.results, ways(one.results), SystemClock()).destinations for one in stations]
    wrong["dead letters"] = sum(one.dead_letters for two in dead for one in two)
    wrong["lines dropped"] = sum(one.dropped for two in dead for one in two)
    return kept, wrong


def points(influx: Influx) -> Counter[str]:
    """How many points of each run the server has."""
    found = Counter[str]()
    for measurement in ("rig_board", "rig_chip"):
        answer = json.loads(influx.get(f"/query?db=rig&q={quote(f'SELECT run, hits FROM {measurement}')}"))
        for series in answer["results"][0].get("series", []):
            found.update(row[1] for row in series["values"])
    return found


def begun(folder: Path, postgres: Postgres, influx: Influx, seed: int) -> list[Station]:
    """Both servers run and are ready; the stations' folders say where they are."""
    import_module("influxdb_client")        # here once, and not in each of those that are killed
    postgres.start()
    influx.start()
    influx.post(f"/query?q={quote('CREATE DATABASE rig')}")
    connection = PlantConnection(PlantAddress.of(postgres.url, None))
    prepare(connection)
    connection.close()
    stations = []
    for name in STATIONS:
        results = folder / name
        results.mkdir()
        (results / PLANT_FILE).write_text(postgres.url)
        (results / TELEMETRY_FILE).write_text(f"{{backend: v1, url: '{influx.url}', database: rig}}\n")
        stations.append(Station(results, name, random.Random(f"{seed} {name}")))
    return stations


def main() -> int:
    """0 when nothing is lost, doubled or refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="how many processes are killed (300)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (1)")
    chosen = parser.parse_args()
    began = time.monotonic()
    postgres, influx = Postgres(synced=True), Influx()
    with tempfile.TemporaryDirectory(prefix="rig-") as folder:
        stations: list[Station] = []
        try:
            stations += begun(Path(folder), postgres, influx, chosen.seed)
            dead = kill_often(stations, [postgres, influx], chosen.kills, chosen.seed)
            for station in stations:
                station.kill_keeper()
            waited = eventually(lambda: all(map(drained, stations)), DRAINED_SECONDS)
            kept, wrong = wrongs(stations, postgres, influx)
        finally:
            for station in stations:
                station.kill_keeper()
                station.kill_sender()
            postgres.remove()
            influx.remove()
    wrong["queues that did not empty"] = not waited
    print(f"{chosen.kills} kills: " + ", ".join(f"{count} {who}" for who, count in sorted(dead.items())))
    print("kept: " + ", ".join(f"{count:,} {what}" for what, count in kept.items()))
    print("; ".join(f"{what} = {int(count)}" for what, count in wrong.items()))
    print(f"{time.monotonic() - began:.0f} s, seed {chosen.seed}, load {os.getloadavg()[0]:.1f}")
    return 1 if wrong.total() else 0


if __name__ == "__main__":
    sys.exit(main())
