"""The rules of one slot under one lock: every sight goes in, every order is carried out at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from rig.clock import Clock
from rig.guard.envelope import Bounds
from rig.guard.latch import Latch
from rig.guard.power import Order, Orders
from rig.guard.rules import SlotRules
from rig.guard.threads import Condition
from rig.guard.watch import PinLevels
from rig.slot import SupplyReading


class Log(Protocol):
    """Who writes down every transition and why."""

    def note(self, slot: str | None, event: str, reason: str) -> None: ...


Keep = Callable[[str, Latch | None], None]


class Keeper:
    """Takes what the hands see (their SupplyReport and BridgeReport) and passes orders to ``act``.

    ``act`` is called under the lock and must not wait. ``changed`` is that lock: wait on it for
    the rules to move on. ``keep`` is told of every e-stop that is latched or released.
    """

    def __init__(
        self,
        slot: str,
        clock: Clock,
        log: Log,
        changed: Condition,
        act: Callable[[Order], None],
        bounds: Bounds,
        keep: Keep,
    ) -> None:
        self.changed = changed
        self.rules = SlotRules(
            clock.now(), bounds, name=slot, stamp=lambda: clock.utc().isoformat(timespec="seconds")
        )
        self._keep = keep
        self._slot = slot
        self._clock = clock
        self._log = log
        self._act = act

    def step(self, change: Callable[[SlotRules, float], Orders]) -> None:
        """Change the rules' mind and do what they order. Errors of ``change`` pass."""
        with self.changed:
            try:
                orders = change(self.rules, self._clock.now())
            finally:
                for what, why in self.rules.take_notes():
                    self._log.note(self._slot, what, why)
            for order in orders:
                self._act(order)
            self._keep(self._slot, self.rules.after.latch)
            self.changed.notify_all()

    def saw_supply(self, reading: SupplyReading, started: float) -> None:
        self.step(lambda rules, now: rules.saw_supply(reading, started, now))

    def saw_output_off(self) -> None:
        self.step(lambda rules, _now: rules.saw_output_off())

    def noted(self, text: str) -> None:
        self._log.note(self._slot, "supply", text)

    def lost_supply(self, text: str) -> None:
        self.step(lambda rules, now: rules.lost_supply(text, now))

    def saw_pins(self, pins: PinLevels) -> None:
        self.step(lambda rules, now: rules.saw_pins(pins, now))

    def saw_rest(self) -> None:
        with self.changed:
            self.rules.state.saw_rest()
            self.changed.notify_all()

    def saw_celsius(self, celsius: tuple[float | None, ...]) -> None:
        self.step(lambda rules, now: rules.saw_celsius(celsius, now))

    def saw_fans(self, rpm: tuple[float, ...] | None) -> None:
        self.step(lambda rules, now: rules.saw_fans(rpm, now))

    def commanded_fans(self, share: float) -> None:
        with self.changed:
            self.rules.fans.command(share)

    def saw_lamps(self, fault: str | None) -> None:
        """Of the stack light: noted once, an alarm for people; the slot goes on."""
        with self.changed:
            if fault is not None and self.rules.light.fault is None:
                self._log.note(self._slot, "light", fault)
            self.rules.light.fault = fault

    def lost_bridge(self, text: str) -> None:
        self.step(lambda rules, now: rules.lost_bridge(text, now))
