"""The run's end of the pipe to the station: what the tile needs goes up, presses come down.

Nothing here may hold the driver loop up: a message that the station does not take at once is dropped,
and the journal has it all.
"""

from __future__ import annotations

import json
import math
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from rig.pytestplugin.progress import Ending, Keep, Status
from rig.records.plain import number
from rig.verdict.cores import dead_cores
from rig.work.ledger import Tally

MESSAGE_BYTES = 64 * 1024


class Pipe:
    """Whole messages over a sequenced packet socket. Never blocks, never raises for a lost station."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        link.setblocking(False)

    def send(self, kind: str, **facts: Any) -> None:
        try:
            self._link.send(json.dumps({"kind": kind, **facts}, separators=(",", ":")).encode())
        except OSError:
            return                              # full, or the station is gone: the run goes on

    def presses(self) -> Iterator[str]:
        """What people scanned and pressed for this run since the last look."""
        while True:
            try:
                message = self._link.recv(MESSAGE_BYTES)
            except OSError:
                return
            if not message:
                return
            yield message.decode(errors="replace")

    def close(self) -> None:
        self._link.close()


class Reporter:
    """A Progress that tells the station. ``presses``: what was scanned and pressed for this run before it."""

    def __init__(self, pipe: Pipe, presses: tuple[str, ...]) -> None:
        self._pipe, self._presses = pipe, presses
        self._keep: Keep | None = None

    def began(self, keep: Keep) -> None:
        self._keep = keep
        for press in self._presses:
            keep("press", press)

    def show(self, status: Status) -> None:
        for press in self._pipe.presses():
            if self._keep is not None:
                self._keep("press", press)
        self._pipe.send("status", **facts_of(status))

    def end(self, ending: Ending) -> None:
        self._pipe.send("end", record=ending.record, hands_off=ending.hands_off)

    def close(self) -> None:
        self._pipe.close()


class StationStops:
    """The station stops a run by SIGINT, after it has said who; SIGTERM when that was not enough."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    @contextmanager
    def heard(self) -> Iterator[None]:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        yield

    def ignore(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt("; ".join(self._pipe.presses()) or "stopped by the station")


def facts_of(status: Status) -> dict[str, Any]:
    """The status as plain JSON; arrays only when there is something new to say."""
    facts: dict[str, Any] = {
        "phase": status.phase,
        "chips_found": status.chips_found,
        "mhz": status.mhz,
        "answers_per_second": status.answers_per_second,
        "watts": _rounded(status.watts, 1),
        "celsius": _rounded(status.celsius, 1),
        "seconds_left": status.seconds_left,
        "volts": _rounded(status.volts, 3),
    }
    if status.domain_volts:
        facts["domain_volts"] = [_rounded(value, 4) for value in status.domain_volts]
    if status.sensors:
        facts["sensor_celsius"] = [None if value is None else round(value, 1) for value in status.sensors]
    if status.tally is not None:
        facts["hit_shares"], facts["bad_cores"] = shares_of(status.tally)
    return facts


def shares_of(tally: Tally) -> tuple[list[float | None], list[int]]:
    """(chips,) share of the known answers that came back, and cores that never answer."""
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.round(tally.hits / tally.trials, 4)
    bad = dead_cores(tally.core_trials, tally.core_hits).sum(axis=1)
    return [number(float(share)) for share in shares], [int(count) for count in bad]


def _rounded(value: float, digits: int) -> float | None:
    return round(value, digits) if math.isfinite(value) else None
