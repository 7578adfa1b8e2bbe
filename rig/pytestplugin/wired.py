"""A slot of a wired bench, taken for one run: locked, the simulated board put in, labgrid's target made."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from rig.clock import SystemClock
from rig.errors import UsageError
from rig.fixture.labgrid_slot import BenchPlace, LabgridSlot
from rig.fixture.processes import Bench, check_bench_covers, ensure_bench
from rig.lab.holders import at_the_bench, who_am_i
from rig.purpose import Purpose
from rig.pytestplugin.setup import RunSetup
from rig.pytestplugin.stops import YIELD
from rig.runtime import RoleLock, Runtime, runtime_for
from rig.slot import SlotProvider
from rig.slotentry import SlotEntry

_WAY_SECONDS = 30.0                 # off, discharged and its record kept: seldom more than five


@contextmanager
def wired_slot(setup: RunSetup) -> Iterator[SlotProvider]:
    """The slot of ``setup``, held until the block ends; nothing is powered by taking it.

    Raises UsageError when another run holds it, StationFault when a simulated bench will not start.
    """
    options = setup.options
    runtime = runtime_for(options.fixture)
    lock = _take(runtime, setup)
    try:
        with _lab_told(runtime, setup):
            place = BenchPlace(options.fixture.resolve(), runtime)
            yield LabgridSlot(
                options.slot, _entry(setup, runtime), place, setup.plan.product, setup.plan.recipe,
                setup.run_id, simulated=setup.simulated, eeprom_keys=setup.eeprom_keys,
            )
    finally:
        lock.release()


def _lab_told(runtime: Runtime, setup: RunSetup) -> AbstractContextManager[None]:
    """A run at the bench takes its place in the lab, too, if there is a lab; it never waits for that."""
    if setup.options.place is not None or not runtime.lab.exists():
        return contextlib.nullcontext()
    from rig.lab.claim import claimed

    return claimed(runtime, setup.fixture, setup.options.slot, _holder(setup))


def _holder(setup: RunSetup) -> str:
    """The name under which the lab knows this process."""
    if setup.options.place is not None:
        return who_am_i()
    return at_the_bench(setup.options.purpose, os.getpid())


def _take(runtime: Runtime, setup: RunSetup) -> RoleLock:
    slot = setup.options.slot
    lock = runtime.lock(f"slot-{slot}")
    note = {
        "run": setup.run_id, "serial": setup.options.serial, "pid": os.getpid(),
        "place": setup.options.place, "holder": _holder(setup),
    }
    if not lock.try_acquire(note) and not _made_way(lock, note, setup):
        holder = lock.holder()
        raise UsageError(
            f"{slot} is under lease by run {holder.get('run', 'unknown')} "
            f"(board {holder.get('serial', 'unknown')}); wait until it ends or use another slot"
        )
    return lock


def _made_way(lock: RoleLock, note: dict[str, Any], setup: RunSetup) -> bool:
    """Whether a run that came by a place of the lab ended for this one, which is production's."""
    holder = lock.holder()
    if setup.options.place or setup.options.purpose is not Purpose.TEST or not holder.get("place"):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(holder["pid"]), YIELD)
    clock = SystemClock()
    deadline = clock.now() + _WAY_SECONDS
    while not lock.try_acquire(note):
        if clock.now() > deadline:
            return False
        clock.sleep(0.05)
    return True


def _entry(setup: RunSetup, runtime: Runtime) -> SlotEntry:
    """The slot's entry, with the addresses of the simulated bench when it is one."""
    if not setup.simulated:
        return setup.entry
    options, plans = setup.options, setup.plan.folder.parent
    bench = ensure_bench(options.fixture.resolve(), runtime, plans.resolve())
    check_bench_covers(setup.fixture, bench, options.fixture)
    _put_board(bench, setup)
    return bench.entry(options.slot, setup.entry)


def _put_board(bench: Bench, setup: RunSetup) -> None:
    options = setup.options
    if options.scenario is None:
        bench.scan(options.slot, options.serial)
    else:
        bench.place(
            options.slot, options.serial, options.product, setup.plan.folder.parent, options.scenario
        )
