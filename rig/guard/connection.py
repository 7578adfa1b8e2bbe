"""One connection to the guard's socket. A lease hangs on it: when it ends, the slot goes off."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping

from rig.clock import Clock
from rig.errors import GuardError, RigError, UsageError
from rig.guard.latch import Release
from rig.guard.report import slot_report
from rig.guard.requests import LEASED, Answer, Request
from rig.guard.slotguard import SAFE_WAIT_SECONDS, SlotGuard
from rig.guard.wire import LONGEST_LINE, decode, encode, error_out


def peer_of(link: socket.socket) -> tuple[int, int]:
    """Process and user at the other end, as the kernel knows them."""
    size = struct.calcsize("3i")
    pid, uid, _ = struct.unpack("3i", link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return pid, uid


class Connection:
    """Reads requests line by line and answers each but a beat. Runs in a thread of its own."""

    def __init__(
        self, link: socket.socket, fixture: str, slots: Mapping[str, SlotGuard], clock: Clock
    ) -> None:
        self._link = link
        self._fixture = fixture
        self._slots = slots
        self._clock = clock
        self._pid = peer_of(link)[0]
        self._held: dict[str, SlotGuard] = {}   # token: slot, for leases whose life hangs on this
        self._open = True

    @property
    def open(self) -> bool:
        return self._open

    def serve(self) -> bool:
        """All of it, until the other end is gone; False then. Whatever happens, its leases end."""
        if not self._open:
            return False
        try:
            with self._link.makefile("rb") as lines:
                while self._answer(lines.readline(LONGEST_LINE)):
                    pass
        except OSError:
            return False
        finally:
            self._end()
        return False

    def _answer(self, line: bytes) -> bool:
        """One request; False when there are no more."""
        if not line:
            return False
        try:
            fields = decode(line)
        except ValueError as error:
            problem = error_out(UsageError(f"request: found {error}"))
            self._link.sendall(encode({"ok": False, "error": problem}))
            return False
        request = Request(fields)
        if fields.get("op") == "beat":
            self._beat(request)
            return True
        try:
            reply = {"ok": True, **self._do(request)}
        except RigError as error:
            reply = {"ok": False, "error": error_out(error)}
        self._link.sendall(encode({"number": fields.get("number"), **reply}))
        return True

    def _do(self, request: Request) -> Answer:
        op = request.text("op")
        if op == "status":
            return {"slots": {name: slot.look(slot_report) for name, slot in self._slots.items()}}
        if op == "unlatch":
            return {"released": self._unlatch(request.text("target"), request.release())}
        if op == "lights":
            for name, light in request.lights().items():
                self._slot(name).ask_light(light)
            return {}
        slot = self._slot(request.text("slot"))
        if op == "lease":
            token = slot.lease(request.text("run"), self._pid, request.sensors())
            self._held[token] = slot
            return {"token": token}
        if op == "lend":
            token = slot.lend(self._pid, request.wanted())
            self._held[token] = slot
            return {"token": token}
        token = request.text("token")
        if op == "lent":
            slot.require_lent(token)
            return {}
        if op == "release":
            slot.end(token, "given back", lost=False)
            self._held.pop(token, None)
            slot.wait_until_off(SAFE_WAIT_SECONDS)
            return {}
        if op not in LEASED:
            raise UsageError(f"request: op: found {op!r}, expected one of {', '.join(LEASED)}")
        return LEASED[op](slot, token, request)

    def _unlatch(self, target: str, release: Release) -> dict[str, str]:
        """A slot by name, or every slot of the fixture that there is something to release of."""
        if target != self._fixture or target in self._slots:
            return {target: self._slot(target).release(release)}
        done: dict[str, str] = {}
        refused: list[str] = []
        for name, slot in self._slots.items():
            try:
                done[name] = slot.release(release)
            except GuardError as error:
                refused.append(str(error))
        if not done:
            raise GuardError("; ".join(refused))
        return done

    def _beat(self, request: Request) -> None:
        """No answer: a beat must never wait. A malformed one counts as none."""
        try:
            token, slot = request.text("token"), self._slot(request.text("slot"))
        except UsageError:
            return
        self._held[token] = slot
        slot.beat(token)

    def _slot(self, name: str) -> SlotGuard:
        if name not in self._slots:
            raise UsageError(f"slot {name!r}: expected one of {', '.join(self._slots)}")
        return self._slots[name]

    def _end(self) -> None:
        self._open = False
        for token, slot in self._held.items():
            slot.end(token, "the worker's connection ended", lost=True)
        self._link.close()
