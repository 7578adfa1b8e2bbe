"""A round as points for the dashboards' server: measurement ``rig_watch``, a series a sign."""

from __future__ import annotations

from rig.records.telemetry.lines import Field, point
from rig.watch.heartbeat import Heartbeat

MEASUREMENT = "rig_watch"


def lines(heartbeat: Heartbeat) -> str:
    """All points of a round; the watcher's own is the sign ``watch``, with how much rings."""
    bench = {"station": heartbeat.station, "fixture": heartbeat.fixture}
    ns = int(heartbeat.at.timestamp() * 1e9)
    own: dict[str, Field] = {"well": int(heartbeat.well), "ringing": len(heartbeat.ringing)}
    told = [point(MEASUREMENT, bench | {"sign": "watch"}, own, ns)]
    for sign in heartbeat.signs:
        fields: dict[str, Field] = {"ringing": int(sign.name in heartbeat.ringing), **sign.figures}
        if sign.well is not None:
            fields["well"] = int(sign.well)
        told.append(point(MEASUREMENT, bench | {"sign": sign.name}, fields, ns))
    return "\n".join(told)
