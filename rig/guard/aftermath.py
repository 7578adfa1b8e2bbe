"""What outlives a lease: a latched e-stop, a board still warm, a slot nothing proves safe. Pure.

Only a named person ends the first; the last two end by themselves when instruments show it, or on
a named person's word. None of it switches anything on.
"""

from __future__ import annotations

from collections.abc import Callable

from rig.errors import GuardError, GuardTrip
from rig.guard.envelope import Bounds, Cause
from rig.guard.latch import Latch, Release, checked_operator
from rig.guard.power import Power, PowerState, delivers
from rig.guard.unload import UnloadGate
from rig.guard.watch import PinLevels
from rig.slot import SupplyReading


class Aftermath:
    """Of one slot. ``latch``: the e-stop in force; ``gate``: whether a hand may go in."""

    def __init__(
        self, name: str, bounds: Bounds, stamp: Callable[[], str], note: Callable[[str, str], None]
    ) -> None:
        self._name, self._bounds, self._stamp, self._note = name, bounds, stamp, note
        self.latch: Latch | None = None
        self.gate = UnloadGate(bounds.unload)

    def saw_pins(self, pins: PinLevels, state: PowerState) -> None:
        if not pins.estop_closed and self.latch is None:
            self.latch = Latch("the e-stop loop was opened", self._stamp())
            self._note("e-stop", "latched; a named person must release it")
        if state.safe and not pins.seated:
            self.gate.open()

    def require_released(self) -> None:
        """Raises GuardTrip while an e-stop is latched, with what is to be done."""
        if self.latch is not None:
            raise GuardTrip(Cause.ESTOP, self.latch.said(self._name))

    def release(
        self, release: Release, state: PowerState, pins: PinLevels | None, supply: SupplyReading | None
    ) -> str:
        """Take a named person's word; what was released by it.

        Raises GuardError when there is nothing to release, or something speaks against it.
        """
        by = checked_operator(release.operator)
        if self.latch is not None and pins is None:
            raise self._refused("the e-stop loop cannot be seen, expected it closed; mend the bridge first")
        if pins is not None and not pins.estop_closed:
            raise self._refused("found the e-stop loop open, expected closed; close it by hand first")
        hot = self._hot(release, state, supply)
        done = [said for said in (self._latched(), hot) if said]
        if not done:
            raise self._refused(f"found nothing to release, the slot is {state.state.value}")
        if state.state is Power.HOT and hot:
            state.attest(by)
        if hot:
            self.gate.open()
        self._note("released by hand", f"{', '.join(done)}, by {by}")
        return ", ".join(done)

    def _latched(self) -> str:
        latch, self.latch = self.latch, None
        return "" if latch is None else f"the e-stop of {latch.since}"

    def _hot(self, release: Release, state: PowerState, supply: SupplyReading | None) -> str:
        """What is said of a slot that is hot and may be believed not to be; "" when there is nothing."""
        if state.safe:
            return "a board that was not proved cool" if self.gate.closed else ""
        if release.volts is None or state.state is not Power.HOT:
            return ""
        most = self._bounds.unload.volts
        if not 0 <= release.volts < most:
            raise self._refused(f"found {release.volts:g} V measured by hand, expected below {most:g} V")
        if supply is not None and delivers(supply):
            raise self._refused("the supply still delivers; cut its mains first")
        return f"a slot that nothing proved safe, {release.volts:g} V measured by hand"

    def _refused(self, why: str) -> GuardError:
        return GuardError(f"release: {self._name}: {why}")
