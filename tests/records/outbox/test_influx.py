"""Telemetry to a fake v2 server with faults, to a real InfluxDB 1.x and to VictoriaMetrics."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from proofs.fake_influx import BUCKET, ORG, TOKEN, FakeInflux, Fault
from proofs.servers import Influx, Victoria, eventually
from rig.clock import VirtualClock
from rig.destinations import Backend, TelemetryEntry
from rig.records.outbox import influx as influx_module
from rig.records.outbox.delivery import TAKEN, Outcome
from rig.records.outbox.influx import TelemetrySender
from rig.records.outbox.uploader import Going, Uploader
from rig.records.telemetry.lines import point
from rig.records.telemetry.spool import Block, Spool

BEGAN = 1_767_254_400_000_000_000


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeInflux]:
    monkeypatch.setenv("RIG_TEST_TOKEN", TOKEN)
    with FakeInflux() as server:
        yield server


def v2(fake: FakeInflux, **changes: str) -> TelemetryEntry:
    told = {"backend": "v2", "url": fake.url, "org": ORG, "bucket": BUCKET, "secret_env": "RIG_TEST_TOKEN"}
    return TelemetryEntry.model_validate({**told, **changes})


def second(number: int, chips: int = 65) -> str:
    """One second of a board."""
    return "\n".join(
        point("rig_chip", {"slot": "slot1", "chip": str(chip)}, {"hits": number * chip, "mhz": 545.0},
              BEGAN + number * 1_000_000_000)
        for chip in range(chips)
    )


def spooled(tmp_path: Path, seconds: int, batch_lines: int = 4000) -> Spool:
    spool = Spool(tmp_path / "spool.db", VirtualClock(), most_bytes=10**8, batch_lines=batch_lines)
    spool.put([second(number) for number in range(seconds)])
    return spool


def drained(spool: Spool, entry: TelemetryEntry, most_steps: int = 200) -> Uploader[Block]:
    """All that waits is sent, without waiting."""
    sending = Uploader(spool, TelemetrySender(entry), VirtualClock(), jitter=lambda: 0.0)
    for _ in range(most_steps):
        sending.step()
        if spool.depth().rows == 0:
            break
    sending.end(by_itself=False)
    return sending


def test_seconds_arrive_as_they_were(tmp_path: Path, fake: FakeInflux) -> None:
    drained(spooled(tmp_path, 100), v2(fake))

    assert len(fake.kept.points) == fake.kept.lines == 6500
    assert fake.kept.points["rig_chip", (("chip", "7"), ("slot", "slot1")), BEGAN + 99 * 10**9] == {
        "hits": 693, "mhz": 545.0,
    }
    assert fake.requests == 2                       # 61 blocks of 65 lines, then the rest


FAULTS = [
    Fault(status=503), Fault(status=500), Fault(status=429, retry_after="1"), Fault(resets_before=True),
    Fault(resets_after=True), Fault(seconds=0.05), Fault(status=502), Fault(status=408),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_what_passes_by_itself_is_sent_again(tmp_path: Path, fake: FakeInflux, fault: Fault) -> None:
    fake.faults.extend([fault, Fault(), fault, fault])
    spool = spooled(tmp_path, 40, batch_lines=650)

    drained(spool, v2(fake))

    assert len(fake.kept.points) == 40 * 65
    assert spool.dead_letters() == []


def test_retry_after_is_obeyed(tmp_path: Path, fake: FakeInflux) -> None:
    dated = Fault(status=503, retry_after="Wed, 21 Oct 2026 07:28:00 GMT")
    fake.faults.extend([Fault(status=429, retry_after="37"), dated])
    sending = Uploader(spooled(tmp_path, 1), TelemetrySender(v2(fake)), VirtualClock(), jitter=lambda: 0.0)

    assert sending.step() == 37.0
    assert sending.step() < 1.0
    sending.end(by_itself=False)


def test_a_server_that_does_not_answer_is_given_up_for_now(
    tmp_path: Path, fake: FakeInflux, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(influx_module, "ANSWER_SECONDS", 0.3)
    fake.faults.append(Fault(seconds=1.5))
    spool = spooled(tmp_path, 1)
    sending = Uploader(spool, TelemetrySender(v2(fake)), VirtualClock())

    sending.step()

    assert sending.traffic.going is Going.WAITING
    assert spool.depth().rows == 65
    sending.end(by_itself=False)


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"secret_env": "RIG_WRONG"}, "401"), ({"bucket": "other"}, "404"), ({"org": "other"}, "404"),
     ({"secret_env": "RIG_ABSENT"}, "RIG_ABSENT")],
)
def test_who_is_not_let_in_holds_and_loses_nothing(
    tmp_path: Path, fake: FakeInflux, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], says: str
) -> None:
    monkeypatch.setenv("RIG_WRONG", "a wrong token")
    spool = spooled(tmp_path, 3)
    sending = Uploader(spool, TelemetrySender(v2(fake, **changes)), VirtualClock())

    sending.step()

    assert sending.traffic.going is Going.HELD
    assert says in sending.traffic.reason
    assert "wrong token" not in sending.traffic.reason
    assert (spool.depth().rows, spool.dead_letters()) == (195, [])
    monkeypatch.setenv("RIG_WRONG", TOKEN)          # mended where it stands
    monkeypatch.setenv("RIG_ABSENT", TOKEN)
    if "secret_env" in changes:
        sending.step()
        assert spool.depth().rows == 0
    sending.end(by_itself=False)


def test_a_body_too_large_is_sent_in_parts(tmp_path: Path, fake: FakeInflux) -> None:
    fake.most_bytes = 20_000

    drained(spooled(tmp_path, 40), v2(fake))

    assert len(fake.kept.points) == fake.kept.lines == 40 * 65


def test_poison_lines_become_dead_letters_and_the_others_arrive(tmp_path: Path, fake: FakeInflux) -> None:
    spool = spooled(tmp_path, 10)
    poison = ["no line at all", 'rig_chip,chip=3,slot=slot1 hits="seven" 1767254400000000000']
    spool.put([second(10) + "\n" + poison[0] + "\n" + second(11), poison[1]])

    drained(spool, v2(fake))

    assert sorted(letter.what for letter in spool.dead_letters()) == sorted(poison)
    assert "field type conflict" in " ".join(letter.reason for letter in spool.dead_letters())
    assert len(fake.kept.points) == 12 * 65


def test_an_outage_of_hours_doubles_nothing(tmp_path: Path, fake: FakeInflux) -> None:
    fake.stop()
    spool = spooled(tmp_path, 200, batch_lines=650)
    sending = Uploader(spool, TelemetrySender(v2(fake)), VirtualClock(), jitter=lambda: 1.0)
    hours = sum(sending.step() for _ in range(130)) / 3600
    fake.start()

    while sending.step() == 0.0:
        pass

    sending.end(by_itself=False)
    assert hours > 2
    assert len(fake.kept.points) == fake.kept.lines == 200 * 65


# ---- real servers

@pytest.fixture
def v1(influx: Influx) -> TelemetryEntry:
    """A fresh database."""
    name = f"rig_{secrets.token_hex(4)}"
    influx.post("/query?q=" + quote(f"CREATE DATABASE {name}"))
    return TelemetryEntry(backend=Backend.V1, url=influx.url, database=name)


def count(influx: Influx, entry: TelemetryEntry, what: str = "hits") -> int:
    question = quote(f"SELECT count({what}) FROM rig_chip")
    (result,) = json.loads(influx.get(f"/query?db={entry.database}&q={question}"))["results"]
    return int(result["series"][0]["values"][0][1]) if "series" in result else 0


def test_influxdb_1_has_each_point_once(tmp_path: Path, influx: Influx, v1: TelemetryEntry) -> None:
    drained(spooled(tmp_path, 50), v1)
    drained(spooled(tmp_path, 50), v1)              # the same again

    assert count(influx, v1) == 50 * 65


def test_a_partial_write_of_influxdb_1_loses_nothing_else(
    tmp_path: Path, influx: Influx, v1: TelemetryEntry
) -> None:
    spool = spooled(tmp_path, 5)
    poison = ['rig_chip,chip=3,slot=slot1 hits="seven" 1767254400000000000', "rig_chip hits=nan 5"]
    spool.put([f"{second(5)}\n{poison[0]}\n{second(6)}\n{poison[1]}"])

    drained(spool, v1)

    assert sorted(letter.what for letter in spool.dead_letters()) == sorted(poison)
    assert count(influx, v1) == 7 * 65


def test_an_unknown_database_of_influxdb_1_holds(influx: Influx) -> None:
    entry = TelemetryEntry(backend=Backend.V1, url=influx.url, database="no_such_one")
    sender = TelemetrySender(entry)

    delivery = sender.send([Block(1, second(0))])

    sender.close()
    assert delivery.outcome is Outcome.HELD
    assert "database not found" in delivery.reason


def test_nobody_there_is_tried_again() -> None:
    entry = TelemetryEntry(backend=Backend.V1, url="http://127.0.0.1:9", database="rig")

    assert TelemetrySender(entry).send([Block(1, second(0))]).outcome is Outcome.LATER


def test_victoria_metrics_takes_them_too(tmp_path: Path, victoria: Victoria) -> None:
    entry = TelemetryEntry(backend=Backend.VICTORIAMETRICS, url=victoria.url)
    sender = TelemetrySender(entry)

    assert sender.send([Block(1, second(number)) for number in range(3)]) == TAKEN

    sender.close()

    def exported() -> list[dict[str, object]]:
        victoria.get("/internal/force_flush")
        text = victoria.get("/api/v1/export?match[]=rig_chip_hits").decode()
        return [json.loads(line) for line in text.splitlines()]

    assert eventually(lambda: len(exported()) == 65)
    assert all(len(series["values"]) == 3 for series in exported())     # type: ignore[arg-type]
    assert not entry.backend.is_durable
