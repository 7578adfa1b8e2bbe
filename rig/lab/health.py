"""Why a slot of this computer must not be handed out: a dead guard, an e-stop, a fault that the guard sees.

No guard at all is no fault: a run brings one. A guard that ended well has taken its socket with it; a
socket at which nobody answers was left by one that was killed, or belongs to one that hangs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rig.clock import SystemClock
from rig.errors import GuardError
from rig.fixture.processes import ask_bench
from rig.fixturefile import FixtureFile
from rig.guard.client import GuardClient
from rig.guard.memory import kept_latches
from rig.runtime import Runtime

_GUARD_SECONDS = 3.0                # a guard that is alive answers at once
_BENCH_SECONDS = 2.0
_NOT_YET = "not reached yet"        # the guard's own words for what it has not asked so far


def slot_problems(fixture: FixtureFile, runtime: Runtime) -> dict[str, str]:
    """Why not, by slot; a slot that is fit is not in it."""
    if not runtime.guard_socket.exists():
        return {
            slot: f"{latch.said(slot)}"
            for slot, latch in kept_latches(runtime.latches).items() if slot in fixture.slots
        }
    try:
        told = _asked(runtime)
    except GuardError:
        return dict.fromkeys(fixture.slots, _dead(runtime))
    found = {slot: why for slot, report in told.items() if (why := _problem(report))}
    if found and fixture.simulated and not _bench_is_up(runtime):
        # a run starts the bench, too: that nothing of it answers says nothing of the slot
        found = {slot: why for slot, why in found.items() if told[slot]["latched"]}
    return found


def guard_died(runtime: Runtime) -> bool:
    """Whether a guard was killed and left its socket: no process is there that could hold the slots."""
    if not runtime.guard_socket.exists() or runtime.lock("guard").held_by() is not None:
        return False
    try:
        _asked(runtime)
    except GuardError:
        return True
    return False


def _asked(runtime: Runtime) -> Mapping[str, Any]:
    client = GuardClient(runtime.guard_socket, "", "lab", SystemClock(), _GUARD_SECONDS)
    try:
        return client.status()
    finally:
        client.close()


def _dead(runtime: Runtime) -> str:
    holder = runtime.lock("guard").held_by()
    if holder is None:
        return "the guard has died; rig lab up starts a new one, which switches everything off first"
    return (f"the guard (process {holder.get('pid')}) does not answer within {_GUARD_SECONDS:g} s; look at "
            "the boards, then end that process")


def _problem(report: Mapping[str, Any]) -> str | None:
    """What the guard says of one slot that stands against a run."""
    latch, pins = report["latched"], report["interlocks"]
    if latch is not None:
        return f"an e-stop waits for its release: {latch['reason']} at {latch['since']}"
    if pins is not None and not pins["estop_closed"]:
        return "the e-stop loop is open"
    for part in ("bridge", "supply"):
        fault = report[f"{part}_fault"]
        if fault is not None and fault != _NOT_YET:
            return f"the guard does not reach its {part}: {fault}"
    return None


def _bench_is_up(runtime: Runtime) -> bool:
    try:
        return bool(ask_bench(runtime.bench_socket, {"op": "status"}, _BENCH_SECONDS).get("ok"))
    except (OSError, ValueError):
        return False
