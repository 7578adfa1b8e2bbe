"""Where a slot's instruments are: named by the fixture file, or chosen by the running bench."""

from __future__ import annotations

import json
import os

from rig.errors import StationFault
from rig.fixturefile import FixtureFile
from rig.instruments.pdu import Outlet
from rig.runtime import Runtime
from rig.slotentry import SlotEntry


class Addresses:
    """Looked up anew at every connect: a bench that was restarted has other ports."""

    def __init__(self, fixture: FixtureFile, runtime: Runtime) -> None:
        self._fixture = fixture
        self._runtime = runtime

    def of(self, slot: str) -> SlotEntry:
        """The slot's entry with all addresses. Raises StationFault when no bench gave them."""
        entry = self._fixture.slot(slot)
        if not self._fixture.simulated:
            return entry
        try:
            ports = json.loads(self._runtime.bench_ports.read_text(encoding="utf-8"))
            return entry.at(ports["slots"][slot])
        except FileNotFoundError:
            raise StationFault("found no running bench, expected one; start rig sim") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StationFault(f"found {error!r} in the bench's ports; start rig sim anew") from error

    def outlet_of(self, slot: str) -> Outlet | None:
        """The outlet that feeds the slot's supply; None when the fixture names none."""
        number, base = self._fixture.slot(slot).supply.pdu_outlet, self._fixture.pdu
        if number is None:
            return None
        if self._fixture.simulated:
            try:
                base = json.loads(self._runtime.bench_ports.read_text(encoding="utf-8"))["pdu"]
            except (OSError, ValueError, KeyError, TypeError):
                return None
        return Outlet(base, number) if base else None

    def bench_is_dead(self) -> bool:
        """Whether this is a simulated bench whose process is gone: then nothing of it is live."""
        if not self._fixture.simulated:
            return False
        pid = self._runtime.lock("bench").holder().get("pid")
        if not isinstance(pid, int):
            return not self._runtime.bench_ports.exists()
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False
