"""Who works beside whom: the guard's threads, and how they wait for each other.

The guard itself runs on the machine's threads. In virtual time, where an hour must pass in a
second and always the same way, others take their place (rig.testkit).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol


class Condition(AbstractContextManager[object], Protocol):
    """A lock to hold, and news to wait for under it; as threading.Condition, re-entrant."""

    def wait(self, timeout: float) -> bool:
        """Give the lock back until ``notify_all`` or ``timeout`` seconds have passed."""
        ...

    def notify_all(self) -> None: ...


class Threads(Protocol):
    """Where conditions and threads come from."""

    def condition(self) -> Condition: ...

    def start(self, name: str, run: Callable[[], None]) -> None:
        """Run beside everything else; never waited for at the end."""
        ...


class RealThreads:
    """Daemon threads of this process: it never waits for a hung instrument to end."""

    def condition(self) -> Condition:
        return threading.Condition(threading.RLock())

    def start(self, name: str, run: Callable[[], None]) -> None:
        threading.Thread(target=run, name=name, daemon=True).start()
