"""Runs that came by a place of the lab make way for the station's boards, as they do for `rig run`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from rig.purpose import Purpose
from rig.pytestplugin.stops import YIELD
from rig.runtime import Runtime
from rig.station.slotflow import SlotFlow


class GivingWay:
    """Tells each such run once; its board goes off and is discharged, and the slot waits for the change."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._told: set[int] = set()

    def ask(self, slots: Iterable[SlotFlow]) -> None:
        """Of whoever has a slot that a board of production waits for. A golden board waits its turn."""
        for slot in slots:
            found = slot.conditions
            if slot.asked is None or slot.asked.purpose is not Purpose.TEST or not (found and found.taken_by):
                continue
            note = self._runtime.lock(f"slot-{slot.name}").held_by() or {}
            pid = note.get("pid")
            if note.get("place") and isinstance(pid, int) and pid not in self._told:
                self._told.add(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, YIELD)
