"""Mining in several processes at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed

from rig.pool import work_pool
from rig.work.mine import Found, Order, mine_unit


def mine_units(
    order: Order, units: Sequence[tuple[int, int]], processes: int
) -> Iterator[tuple[tuple[int, int], Found]]:
    """Each unit and its answers, as they are finished. Closing it ends the processes.

    Raises UsageError when a unit has no answers.
    """
    pool = work_pool(processes)
    try:
        running = {pool.submit(mine_unit, order, *unit): unit for unit in units}
        for done in as_completed(running):
            yield running[done], done.result()
    finally:
        pool.shutdown(cancel_futures=True)
