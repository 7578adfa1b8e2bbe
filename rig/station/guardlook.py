"""The guard's word on all slots, asked again and again by a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rig.clock import Clock
from rig.errors import RigError
from rig.fixture.processes import ensure_guard
from rig.guard.client import GuardClient
from rig.guard.lights import Light
from rig.guard.wire import unload_in
from rig.runtime import Runtime
from rig.station.slotflow import Conditions

CLOSED_LOOPS = ("estop_closed", "lid_closed", "seated")


class GuardLook:
    """Asks the fixture's guard; one that is gone is started again, which switches everything off first."""

    def __init__(self, fixture_file: Path, runtime: Runtime, clock: Clock) -> None:
        self._file, self._runtime, self._clock = fixture_file, runtime, clock
        self._client = self._new_client()
        self.problem: str | None = None

    async def look(self, lights: Mapping[str, Light] = {}) -> Mapping[str, Conditions]:
        """All slots; empty when the guard does not answer (``problem`` says why).

        ``lights``: what the stack lights should say, of the slots that have one.
        """
        return await asyncio.to_thread(self._look, lights)

    async def release(self, slot: str, who: str, volts: float | None) -> str:
        """A named person's word on a slot; what was released. Raises GuardError."""
        return await asyncio.to_thread(lambda: self._client.release(slot, who, volts)[slot])

    def close(self) -> None:
        self._client.close()

    def _look(self, lights: Mapping[str, Light]) -> Mapping[str, Conditions]:
        try:
            if lights:
                self._client.show(lights)
            found = self._client.status()
        except RigError:
            try:
                self._client.close()
                self._client = self._new_client()
                ensure_guard(self._file, self._runtime)
                found = self._client.status()
            except RigError as error:
                self.problem = str(error)
                return {}
        self.problem = None
        now = self._clock.now()
        return {name: self.with_lock(name, conditions_of(report, now)) for name, report in found.items()}

    def with_lock(self, slot: str, found: Conditions) -> Conditions:
        """A run has its slot from before its lease until after it; others keep runs out of it."""
        note = None if found.taken_by else self._runtime.lock(f"slot-{slot}").held_by()
        if note is None:
            return found
        pid = note.get("pid", "unknown")
        holder = f"{note.get('holder', 'somebody')} (process {pid})"
        who = _run_in_words(note["run"], pid) if "run" in note else holder
        return replace(found, taken_by=who)

    def _new_client(self) -> GuardClient:
        return GuardClient(self._runtime.guard_socket, "", "station", self._clock)


def conditions_of(report: Mapping[str, Any], now: float) -> Conditions:
    """One slot of ``rig guard status``, as the flow takes it."""
    loops, lease, supply = report["interlocks"], report["lease"], report["supply"]
    trip = lease["trip"] if lease else None
    return Conditions(
        at=now,
        **({name: loops[name] for name in CLOSED_LOOPS} if loops else {}),
        latched=report["latched"] is not None,
        leased=lease is not None,
        taken_by=_taken_by(lease, report["loan"]),
        live=report["state"] in ("live", "discharging"),
        tripped=trip["code"] if trip else None,
        fault=report["bridge_fault"] or report["supply_fault"],
        volts=supply["volts"]["value"] if supply else None,
        celsius=report["hottest_celsius"],
        unload=unload_in(report["unload"]),
        light_fault=report["light"]["fault"] if report["light"] else None,
    )


def _run_in_words(run: object, pid: object) -> str:
    return f"run {run} (process {pid})"


def _taken_by(lease: Mapping[str, Any] | None, loan: Mapping[str, Any] | None) -> str:
    if lease is not None:
        return _run_in_words(lease["run"], lease["pid"])
    return "" if loan is None else f"rig instrument check (process {loan['pid']})"
