"""The instruments of a slot with a golden board in it: meter and scanner tried out, the supply looked at.

They measure and switch nothing, so the board may stay in; the slot must be off, and its lock keeps runs
out meanwhile. A supply is tried out on an empty slot only (`rig instrument check`): here its guard says what
it reads of it, and the golden run after it sets it and reads it back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from rig.clock import SystemClock
from rig.errors import GuardError, Role, StationFault
from rig.fixture.processes import ensure_bench, ensure_guard
from rig.fixturefile import load_fixture
from rig.guard.client import GuardClient
from rig.instruments.check import Outcome, Report, until
from rig.instruments.check_supply import Demand
from rig.instruments.identity import Expected
from rig.instruments.inspection import Target, inspect
from rig.instruments.scanner import Channels
from rig.night.held_slot import held_slot
from rig.night.orders import Answer, Order
from rig.recipe import load_plan
from rig.runtime import Runtime, runtime_for
from rig.slotentry import InstrumentEntry, SlotEntry
from rig.verdict.severity import Verdict

_SETTLE_SECONDS = 10.0
_IDLE_VOLTS = 1.0                       # above it a supply whose output is off is not
_UNUSED = Demand(1.0, 0.1)              # a supply's; none is tried out here


def check_instruments(order: Order) -> Answer:
    """All three of a slot. Raises UsageError when somebody has it, StationFault when it is not off."""
    fixture, runtime = load_fixture(order.fixture), runtime_for(order.fixture)
    entry = fixture.slot(order.slot)
    with held_slot(runtime, order):
        if fixture.simulated:
            bench = ensure_bench(order.fixture.resolve(), runtime, order.plans.resolve())
            entry = bench.entry(order.slot, entry)
        ensure_guard(order.fixture.resolve(), runtime)
        supply = _supply(order.slot, runtime)
        domains = load_plan(order.plans, order.product).product.domains
        problems = [problem for target in _targets(entry, domains)
                    for problem in _problems(inspect(target, SystemClock()))]
    if not problems:
        return Answer(says=f"meter and scanner fit; {supply}", verdict=Verdict.PASS)
    code, _ = problems[0]
    says = "; ".join(told for _, told in problems)
    return Answer(says=says, verdict=Verdict.STATION_FAULT, code=code)


def _supply(slot: str, runtime: Runtime) -> str:
    """What the guard reads of it. Raises StationFault for one that it does not hear, or that is not off."""
    client = GuardClient(runtime.guard_socket, slot, "nightly check", SystemClock())
    clock = SystemClock()
    try:
        for _ in until(clock, _SETTLE_SECONDS, 0.2):    # a guard that has just begun looks first
            told = client.status()[slot]
            if told["supply"] is not None and not told["supply_fault"]:
                break
    finally:
        client.close()
    if told["supply_fault"]:
        raise SupplyFault(f"the guard does not hear the supply: {told['supply_fault']}")
    volts = (told["supply"] or {}).get("volts", {}).get("value")
    if told["state"] in ("live", "discharging", "lent") or volts is None or not volts < _IDLE_VOLTS:
        said = "no volts" if volts is None or math.isnan(volts) else f"{volts:.2f} V"
        raise GuardError(f"found the slot {told['state']} with {said} at its supply, expected it off")
    return f"supply off, {volts:.2f} V"


class SupplyFault(StationFault):
    """The guard does not hear a supply."""

    code = Role.SUPPLY.code


def _targets(entry: SlotEntry, domains: int) -> Iterator[Target]:
    channels = Channels(
        tuple(range(entry.scanner.first_domain_channel, entry.scanner.first_domain_channel + domains)),
        entry.scanner.terminal_channel,
    )
    instruments: tuple[tuple[Role, InstrumentEntry], ...] = (
        (Role.METER, entry.meter), (Role.SCANNER, entry.scanner),
    )
    for role, one in instruments:
        expected = Expected((one.model.upper(),) if one.model else (), one.serial_number)
        yield Target(one.resource or "", _UNUSED, one.family, role, one.options, expected, channels)


def _problems(report: Report) -> Iterator[tuple[str, str]]:
    """Code and words of every necessary thing that an instrument would not do."""
    role = report.role or Role.METER
    for row in report.rows:
        if row.necessary and row.outcome is not Outcome.OK:
            yield role.code, f"{role.value}, {row.name}: {row.why}"
