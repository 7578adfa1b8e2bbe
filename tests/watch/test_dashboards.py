"""Heartbeats on their way to a real InfluxDB: by the run's spool, by the outbox's own sender."""

from __future__ import annotations

import json
from urllib.parse import quote

from proofs.servers import Influx
from rig.clock import SystemClock
from rig.records.outbox.influx import TelemetrySender
from rig.records.outbox.service import open_spool
from rig.records.outbox.uploader import Uploader
from rig.watch.watcher import Watcher
from tests.watch.conftest import MakePlace


def test_a_dashboard_sees_what_rings(make_place: MakePlace, influx: Influx) -> None:
    influx.post("/query?q=" + quote("CREATE DATABASE watched"))
    place = make_place(
        watch={"parts": [], "rounds": 1, "least_free_gib": 0.001, "ends": {"passport key": "2020-01-01"}},
        telemetry={"backend": "v1", "url": influx.url, "database": "watched"},
    )
    watcher = Watcher(place, SystemClock(), lambda event: None)
    last = watcher.round()
    watcher.close(last)
    assert place.fixture.telemetry is not None
    spool = open_spool(place.results, place.fixture.telemetry, SystemClock())

    traffic = Uploader(spool, TelemetrySender(place.fixture.telemetry), SystemClock())
    traffic.step()

    question = quote('SELECT last("ringing"), "well" FROM "rig_watch" GROUP BY "sign"')
    (result,) = json.loads(influx.get(f"/query?db=watched&q={question}"))["results"]
    seen = {one["tags"]["sign"]: one["values"][0][1:] for one in result["series"]}
    assert seen == {
        "watch": [1, 0], "end passport key": [1, 0], "disk": [0, 1], "store": [0, 1], "telemetry": [0, 1],
        "heartbeat file": [0, 1],
    }
    spool.close()
