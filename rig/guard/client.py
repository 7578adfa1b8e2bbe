"""The worker's end: a slot's supply and side channel through the guard, and the beat.

Two connections: one for requests, one for beats from a thread of its own, so a slow request never
holds up a beat, a stopped process stops beating, and a dead one is seen at once on either.
"""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from rig.clock import Clock
from rig.errors import GuardError
from rig.guard.client_parts import SideClient, SupplyClient
from rig.guard.lights import Light
from rig.guard.thermometer import BoardSensors
from rig.guard.wire import LONGEST_LINE, decode, encode, error_in
from rig.slot import Side, Supply

BEAT_EVERY_SECONDS = 0.25
REQUEST_SECONDS = 30.0                          # beyond anything the guard itself waits for


class GuardClient:
    """A client of one slot. Connects at the first request. Safe to use from several threads.

    Every request raises GuardTrip when the guard switched the slot off, GuardError when there is
    no lease or no guard, InstrumentError, BridgeError or NoAcknowledge when a part failed.
    """

    def __init__(
        self, door: Path | str, slot: str, run: str, clock: Clock, answer_seconds: float = REQUEST_SECONDS
    ) -> None:
        self.supply: Supply = SupplyClient(self._leased)
        self.side: Side = SideClient(self._leased)
        self._path = str(door)
        self._slot = slot
        self._run = run
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._lock = threading.Lock()
        self._link: socket.socket | None = None
        self._lines: BinaryIO | None = None
        self._token: str | None = None
        self._numbers = itertools.count(1)
        self._stop_beating = threading.Event()

    def lease(self, sensors: BoardSensors | None = None) -> None:
        """Take the slot; beats begin. ``sensors``: where the board's are, which the guard watches.

        Raises what forbids it, see rig.guard.rules.
        """
        where = sensors or BoardSensors()
        self._take("lease", run=self._run, mux=where.mux, sensor=where.sensor, sensors=where.count)

    def borrow(self, volts: float, amps: float) -> None:
        """The slot's supply, to be reached by the caller itself, at most ``volts`` and ``amps``; beats begin.

        ``close`` gives it back. Raises what forbids it, see rig.guard.loan.
        """
        self._take("lend", volts=volts, amps=amps)

    def require_loan(self) -> None:
        """Raises GuardError once the guard has taken the supply back."""
        self._leased("lent")

    def _take(self, op: str, **asked: Any) -> None:
        if self._token is not None:
            raise GuardError(f"{self._slot}: the lease is taken already")
        token = str(self._request(op, slot=self._slot, **asked)["token"])
        self._token = token
        self._stop_beating.clear()
        link = self._connect()
        beat = encode({"op": "beat", "slot": self._slot, "token": token})
        link.sendall(beat)
        threading.Thread(
            target=_beat, args=(link, beat, self._stop_beating), name=f"beat {self._slot}", daemon=True
        ).start()

    def status(self) -> dict[str, Any]:
        """What the guard knows of all slots; needs no lease."""
        slots: dict[str, Any] = self._request("status")["slots"]
        return slots

    def show(self, lights: Mapping[str, Light]) -> None:
        """What the station would have the slots' stack lights say; to be repeated, needs no lease."""
        self._request("lights", lights={slot: light.value for slot, light in lights.items()})

    def release(self, target: str, operator: str, volts: float | None = None) -> dict[str, str]:
        """A named person's word on a slot or the whole fixture; what was released, by slot.

        ``volts``: measured by hand at the board. Raises GuardError when there is nothing to release.
        """
        released: dict[str, str] = self._request(
            "unlatch", target=target, operator=operator, volts=volts
        )["released"]
        return released

    def supply_identity(self) -> str:
        """Who the slot's supply says it is."""
        return str(self._leased("identify_supply")["identity"])

    def close(self) -> None:
        """Give the lease back; returns when the guard has switched a live slot off. Never raises."""
        token, self._token = self._token, None
        if token is not None:
            try:
                self._request("release", slot=self._slot, token=token)
            except GuardError:
                # whatever ended the guard or the connection ended the lease too
                self._drop()
        self._stop_beating.set()
        self._drop()

    def _leased(self, op: str, **fields: Any) -> dict[str, Any]:
        if self._token is None:
            raise GuardError(f"{self._slot}: {op}: found no lease, expected one; call lease() first")
        return self._request(op, slot=self._slot, token=self._token, **fields)

    def _request(self, op: str, **fields: Any) -> dict[str, Any]:
        """One request, one answer. A connection that failed once ends the lease, so it stays failed."""
        with self._lock:
            try:
                if self._link is None:
                    self._open()
                answer = self._exchange({"op": op, **fields})
            except (OSError, ValueError) as error:
                self._hang_up()
                raise GuardError(f"the guard at {self._path} is gone ({error}); the slot goes off") from error
        if not answer.get("ok"):
            raise error_in(answer.get("error") or {})
        return answer

    def _open(self) -> None:
        if self._token is not None:
            raise OSError("the connection the lease hung on has ended")
        self._link = self._connect()
        self._lines = self._link.makefile("rb")

    def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answers are known by the request's number: one that Ctrl-C cut short may have left its own."""
        if self._link is None or self._lines is None:
            raise OSError("not connected")
        number = next(self._numbers)
        self._link.sendall(encode({"number": number, **request}))
        while (answer := decode(self._lines.readline(LONGEST_LINE))).get("number") != number:
            continue
        return answer

    def _connect(self) -> socket.socket:
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(self._answer_seconds)
        try:
            link.connect(self._path)
        except OSError as error:
            link.close()
            raise GuardError(
                f"found no guard at {self._path} ({error}), expected one; start rig guard"
            ) from None
        return link

    def _drop(self) -> None:
        with self._lock:
            self._hang_up()

    def _hang_up(self) -> None:
        lines, link, self._lines, self._link = self._lines, self._link, None, None
        if lines is not None:
            lines.close()
        if link is not None:
            link.close()


def _beat(link: socket.socket, beat: bytes, stop: threading.Event) -> None:
    """Until told to stop or the guard is gone; the requests will find out about that."""
    try:
        while not stop.wait(BEAT_EVERY_SECONDS):
            link.sendall(beat)
    except OSError:
        return
    finally:
        link.close()
