"""Who may stop a run from outside, and when."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

# Sent by a run of production to one that holds its slot by a place of the lab.
YIELD = signal.SIGUSR1
MADE_WAY = "production wants the slot, and this run came by a place of the lab"


class Stops(Protocol):
    """The ways a run is stopped by. What stops it is raised as KeyboardInterrupt."""

    @contextmanager
    def heard(self) -> Iterator[None]:
        """While the plan runs."""
        ...

    def ignore(self) -> None:
        """From here to the end of ``heard``: nothing interrupts the way off."""
        ...


class Signals:
    """SIGINT, SIGTERM and the word that production wants the slot. For the main thread."""

    @contextmanager
    def heard(self) -> Iterator[None]:
        previous = signal.signal(signal.SIGTERM, _interrupt)
        signal.signal(YIELD, _give_way)
        # a shell starts what it puts into the background deaf to this one
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, previous)
            # the run is over and the slot as good as free: production's word must not kill us now
            signal.signal(YIELD, signal.SIG_IGN)
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def ignore(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(YIELD, signal.SIG_IGN)


@contextmanager
def before_the_run() -> Iterator[None]:
    """Around ``heard``: a process that is told to end or to give way lets go of what it holds for the run."""
    previous = signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(YIELD, _give_way)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
        signal.signal(YIELD, signal.SIG_IGN)


class NoStops:
    """Nothing but the plan itself ends the run: nothing it drives can hurt anybody."""

    @contextmanager
    def heard(self) -> Iterator[None]:
        yield

    def ignore(self) -> None:
        return


def _give_way(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(MADE_WAY)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
