"""What ``rig guard status`` shows of a slot."""

from __future__ import annotations

from typing import Any

from rig.guard.lease import Lease
from rig.guard.power import Power
from rig.guard.rules import SlotRules
from rig.guard.watch import Trip
from rig.guard.wire import reading_out, unload_out
from rig.slot import Unload


def slot_report(rules: SlotRules, now: float) -> dict[str, Any]:
    """JSON-ready: state (off, leased, lent, live, discharging, hot), lease, loan, trips, readings, faults.

    ``hot`` is a slot whose board may not be taken out yet; ``unload`` says why and for how long.
    """
    thermometers, pins = rules.thermometers, rules.pins
    unload, latch = rules.unload(now), rules.after.latch
    return {
        "state": _state(rules, unload),
        "unload": unload_out(unload),
        "latched": None if latch is None else {"reason": latch.reason, "since": latch.since},
        "lease": _lease(rules.lease, now),
        "loan": None if rules.loan is None else {
            "pid": rules.loan.holder.pid, "seconds_left": round(rules.loan.ends_at - now, 3),
        },
        "last_trip": _trip(rules.last_trip),
        "supply": reading_out(rules.supply) if rules.supply else None,
        "supply_fault": rules.supply_fault,
        "hottest_celsius": thermometers.hottest,
        "interlocks": None if pins is None else {
            "estop_closed": pins.estop_closed, "lid_closed": pins.lid_closed, "seated": pins.seated,
        },
        "bridge_fault": rules.bridge_fault,
        "light": None if not rules.light.wired else {
            "shows": rules.light.shown(rules, now).value, "fault": rules.light.fault,
        },
    }


def _state(rules: SlotRules, unload: Unload) -> str:
    if rules.power is Power.SAFE and rules.lease is not None:
        return "leased"
    if rules.power is Power.SAFE:
        return "off" if unload.safe else "hot"
    return str(rules.power.value)


def _lease(lease: Lease | None, now: float) -> dict[str, Any] | None:
    if lease is None:
        return None
    left = None if lease.deadline is None else round(lease.deadline - now, 3)
    return {
        "run": lease.holder.run,
        "pid": lease.holder.pid,
        "phase": lease.phase.value,
        "seconds_left": left,
        "trip": _trip(lease.trip),
    }


def _trip(trip: Trip | None) -> dict[str, str] | None:
    return None if trip is None else {"code": trip.code.value, "reason": trip.reason}
