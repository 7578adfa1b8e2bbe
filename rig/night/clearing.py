"""What was planted on the simulated bench taken out again: a sound board in the slot, its supply heard.

A guard cuts the mains of a supply that does not obey, and feeds it again for the next lease only. So the
slot is leased for a moment, with nothing switched on, and is proved off after it as after any lease.
"""

from __future__ import annotations

from rig.clock import SystemClock
from rig.errors import UsageError
from rig.fixture.processes import ensure_bench, ensure_guard
from rig.guard.client import GuardClient
from rig.night.held_slot import held_slot
from rig.night.orders import Answer, Order
from rig.runtime import runtime_for
from rig.verdict.severity import Verdict


def clear(order: Order) -> Answer:
    """Put the board of ``order.scenario`` in. Raises UsageError when somebody has the slot, StationFault."""
    if order.scenario is None:
        raise UsageError(f"{order.slot}: found no scenario, expected that of its golden board")
    runtime = runtime_for(order.fixture)
    with held_slot(runtime, order):
        bench = ensure_bench(order.fixture.resolve(), runtime, order.plans.resolve())
        bench.place(order.slot, order.serial, order.product, order.plans, order.scenario)
        ensure_guard(order.fixture.resolve(), runtime)
        client = GuardClient(runtime.guard_socket, order.slot, "nightly, clearing", SystemClock())
        try:
            client.lease()
        finally:
            client.close()
    return Answer(says="cleared", verdict=Verdict.PASS)
