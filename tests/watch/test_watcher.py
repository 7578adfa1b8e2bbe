"""`rig watch` as typed, on real processes: what it writes, spools, posts and exits with."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from line_protocol_parser import parse_line
from typer.testing import CliRunner

from proofs.owners import end_owners
from proofs.servers import eventually
from proofs.stationed import Stationed
from rig.cli import app
from rig.clock import SystemClock
from rig.errors import StationFault, UsageError
from rig.watch import watcher as rounds
from rig.watch.heartbeat import Heartbeat, read_heartbeat
from rig.watch.notify import alive
from rig.watch.watcher import Watcher
from tests.watch.conftest import ROOT, MakePlace, Receiver

QUIET = {"parts": [], "rounds": 1, "least_free_gib": 0.001}


def typed(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["watch", *words])
    if isinstance(done.exception, UsageError):
        return 2, str(done.exception)
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stationed]:
    """A real station with guard and simulated bench, and a bench file with a watcher."""
    folder, runtime = tmp_path_factory.mktemp("watched"), Path(tempfile.mkdtemp(prefix="rig-"))
    values = yaml.safe_load((ROOT / "fixtures" / "sim.yaml").read_text())
    (folder / "sim.yaml").write_text(yaml.safe_dump(values | {"watch": {"least_free_gib": 0.001}}))
    made = Stationed(folder, runtime, {
        "fixture": str(folder / "sim.yaml"), "plans": str(ROOT / "testplans"),
        "results": str(folder / "results"),
    })
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RIG_RUNTIME", str(runtime))
        try:
            made.start()
            yield made
        finally:
            made.end(signal.SIGKILL)
            end_owners(runtime)
    shutil.rmtree(runtime, ignore_errors=True)


def words_of(station: Stationed) -> list[str]:
    folder = station._folder
    return ["--fixture", str(folder / "sim.yaml"), "--results", str(folder / "results")]


def signs(heartbeat: Heartbeat) -> dict[str, bool | None]:
    return {one.name: one.well for one in heartbeat.signs}


def test_a_station_is_seen_alive_hung_and_dead(station: Stationed) -> None:
    """Whether its slots are well, too, depends on how busy this computer is: they are not asked."""
    words = words_of(station)

    def seen() -> dict[str, bool | None]:
        typed(*words, "--once")
        return signs(read_heartbeat(station._folder / "results" / "watch" / "sim.json"))

    assert eventually(lambda: all(seen()[name] for name in ("guard", "station", "disk", "store")), 60)
    assert station.process is not None
    station.process.send_signal(signal.SIGSTOP)
    hung = typed(*words, "--once")
    station.process.send_signal(signal.SIGCONT)
    assert eventually(lambda: seen()["station"], 60)
    station.end(signal.SIGKILL)
    dead = typed(*words, "--once")

    assert (hung[0], dead[0]) == (3, 3)
    assert "is up and does not answer" in hung[1]
    assert "found no station" in dead[1]


def test_one_round_tells_file_spool_and_webhook(make_place: MakePlace, receiver: Receiver) -> None:
    place = make_place(
        watch=QUIET | {"ends": {"lease": "2020-01-01"},
                       "webhook": {"url": receiver.url, "alive_seconds": 3600}},
        telemetry={"backend": "v1", "url": "http://127.0.0.1:1", "database": "rig"},
    )
    words = ["--fixture", str(place.file), "--results", str(place.results)]

    first, second = typed(*words, "--once"), typed(*words, "--once")

    assert (first[0], second[0]) == (3, 3)
    assert "ALARM  end lease: ended on 2020-01-01" in first[1]
    assert receiver.events == [("end lease", "raised"), ("watch", "alive")]     # edges, not rounds
    heartbeat = read_heartbeat(place.heartbeat)
    assert heartbeat.next_due > heartbeat.at
    assert (heartbeat.well, list(heartbeat.ringing)) == (False, ["end lease"])
    assert heartbeat.webhook is not None
    assert heartbeat.webhook.waiting == ()
    points = spooled(place.results)
    assert points["watch"]["fields"] == {"well": 0, "ringing": 1}
    assert points["end lease"]["fields"].items() >= {"well": 0, "ringing": 1}.items()
    assert points["disk"]["fields"]["free_gib"] > 0
    assert points["disk"]["tags"] == {"station": "bench-a", "fixture": "sim", "sign": "disk"}


def spooled(results: Path) -> dict[str, Any]:
    """The points of the last round, by sign, as an independent reader has them."""
    import sqlite3

    with sqlite3.connect(results / "spool.db") as database:
        body = database.execute("SELECT body FROM spool ORDER BY number DESC").fetchone()[0]
    database.close()
    points = [parse_line(line) for line in body.split("\n")]
    assert {point["measurement"] for point in points} == {"rig_watch"}
    return {point["tags"]["sign"]: point for point in points}


def test_a_dead_watcher_is_seen(make_place: MakePlace) -> None:
    place = make_place(watch=QUIET)
    words = ["--fixture", str(place.file), "--results", str(place.results)]
    nobody = typed("status", *words)
    typed(*words, "--once")
    fresh = typed("status", *words)
    last = read_heartbeat(place.heartbeat)
    old = last.model_copy(update={"next_due": last.at - timedelta(hours=1)})
    place.heartbeat.write_text(old.model_dump_json())

    late = typed("status", *words)

    assert nobody[0] == 2
    assert "start rig watch" in nobody[1]
    assert (fresh[0], late[0]) == (0, 3)
    assert "NO WATCHER" in late[1]


def test_an_alarm_is_kept_for_a_webhook_that_is_away(
    make_place: MakePlace, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "CLOSE_SECONDS", 3)
    watch = QUIET | {"ends": {"lease": "2020-01-01"}, "webhook": {"url": receiver.url}}
    place = make_place(watch=watch)
    words = ["--fixture", str(place.file), "--results", str(place.results), "--once"]
    receiver.statuses.append(503)
    typed(*words)
    kept = read_heartbeat(place.heartbeat)

    typed(*words)

    assert kept.webhook is not None
    assert [one.name for one in kept.webhook.waiting] == ["end lease"]
    assert receiver.events == [("end lease", "raised")]


def test_a_disk_that_refuses_ends_nothing(make_place: MakePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    place = make_place(watch=QUIET)
    made = Watcher(place, SystemClock(), lambda event: None)

    def full(*_: object) -> None:
        raise StationFault("results/watch/sim.json: found No space left on device, expected to write it")

    monkeypatch.setattr(rounds, "write_heartbeat", full)
    made.round()
    second = made.round()
    made.close(second)

    assert signs(second)["heartbeat file"] is False


def test_one_watcher_a_bench(make_place: MakePlace) -> None:
    place = make_place(watch=QUIET)
    made = Watcher(place, SystemClock(), lambda event: None)

    code, said = typed("--fixture", str(place.file), "--results", str(place.results), "--once")
    made.close(None)

    assert code == 2
    assert "is up already" in said
    assert not place.heartbeat.exists()


def test_a_service_ends_when_told_and_gives_its_last_word(make_place: MakePlace, receiver: Receiver) -> None:
    place = make_place(watch=QUIET | {
        "every_seconds": 600, "ends": {"lease": "2020-01-01"}, "webhook": {"url": receiver.url},
    })
    door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    door.bind(str(place.runtime.folder / "notify"))
    door.settimeout(60)
    process = subprocess.Popen(
        [sys.executable, "-m", "rig", "watch", "--fixture", str(place.file), "--results", str(place.results)],
        env=os.environ | {"NOTIFY_SOCKET": str(place.runtime.folder / "notify")},
        stderr=subprocess.PIPE, text=True,
    )

    said = door.recv(100)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=30)
    door.close()

    assert said == b"READY=1\nWATCHDOG=1"
    assert process.returncode == 0
    assert "alarm end lease raised: ended on 2020-01-01" in log
    assert receiver.events == [("end lease", "raised")]


def test_without_systemd_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)

    alive()
    alive(str(tmp_path / "nobody-listens"))


@pytest.mark.parametrize("words", [
    (), ("status",), ("--fixture", "nowhere.yaml"),
    ("--fixture", str(ROOT / "fixtures" / "sim.yaml"), "--results", "nowhere"),
])
def test_wrong_words_are_refused_in_one_sentence(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RIG_RUNTIME", str(tmp_path / "run"))

    code, said = typed(*words)

    assert code == 2
    assert "found" in said
