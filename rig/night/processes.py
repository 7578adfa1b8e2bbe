"""A process of its own for what has a board in hand: its own group, a deadline, and ended safely."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Event

# A run that is told to stop switches off, discharges and keeps its record: seldom more than five seconds.
ENDINGS = ((signal.SIGINT, 60.0), (signal.SIGTERM, 15.0), (signal.SIGKILL, 10.0))
_LOOK_SECONDS = 0.5                     # between two looks at the clock and at ``stop``


@dataclass(frozen=True, slots=True)
class Finished:
    """``code``: its exit code, less than 0 for the signal that ended it. ``late``: its time was over."""

    code: int
    out: str
    err: str
    late: bool


def finished(
    module: str, words: Sequence[str], seconds: float, stop: Event, environment: Mapping[str, str]
) -> Finished:
    """Run ``python -m module words`` to its end; after ``seconds``, or when told to stop, it is ended."""
    with subprocess.Popen(
        [sys.executable, "-m", module, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True,
        env=os.environ | dict(environment),
    ) as child:
        deadline = time.monotonic() + seconds
        endings = iter(ENDINGS)
        late = False
        while True:
            try:
                out, err = child.communicate(timeout=_LOOK_SECONDS)
                return Finished(child.returncode, out, err, late)
            except subprocess.TimeoutExpired:
                now = time.monotonic()
            if stop.is_set() and not late:
                late, deadline = True, now          # asked to end early: from here it goes the same way
            if now < deadline:
                continue
            late = True
            number, patience = next(endings, ENDINGS[-1])
            deadline = now + patience
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
