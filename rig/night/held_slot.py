"""A slot's lock, held by a process of the night as a run holds it: production can end who has it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from rig.errors import UsageError
from rig.lab.directory import who_am_i
from rig.night.orders import Order
from rig.runtime import Runtime


@contextmanager
def held_slot(runtime: Runtime, order: Order) -> Iterator[None]:
    """Until the block ends. Raises UsageError when somebody has it."""
    lock = runtime.lock(f"slot-{order.slot}")
    note = {"run": f"nightly {order.task.value}", "serial": order.serial, "pid": os.getpid(),
            "place": order.place, "holder": who_am_i()}
    if not lock.try_acquire(note):
        raise UsageError(f"{order.slot} is under lease by run {lock.holder().get('run', 'unknown')}")
    try:
        yield
    finally:
        lock.release()
