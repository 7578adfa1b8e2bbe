"""Mining in several processes at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from rig.work.mine import Found, Order, mine_unit


def mine_units(
    order: Order, units: Sequence[tuple[int, int]], processes: int
) -> Iterator[tuple[tuple[int, int], Found]]:
    """Each unit and its answers, as they are finished. Closing it ends the processes.

    Raises UsageError when a unit has no answers.
    """
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=_start)
    try:
        running = {pool.submit(mine_unit, order, *unit): unit for unit in units}
        for done in as_completed(running):
            yield running[done], done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _start() -> None:
    """Ctrl-C is the parent's to handle; a parent that was killed takes its workers along."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
