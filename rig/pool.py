"""Processes for work that has nothing to share: started afresh, ended with whoever started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor


def work_pool(processes: int) -> ProcessPoolExecutor:
    """A pool of ``processes``. Ctrl-C is its owner's to handle; an owner that was killed takes it along."""
    return ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=_start)


def _start() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_owner, daemon=True).start()


def _end_with_owner() -> None:
    owner = multiprocessing.parent_process()
    if owner is not None:
        owner.join()
        os._exit(1)
