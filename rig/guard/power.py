"""What is known of a slot's power, and the way from live to proved safe. Pure."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from rig.guard import envelope as limits
from rig.slot import Mode, SupplyReading


class Power(Enum):
    """What is known of the slot's power."""

    SAFE = "safe"                               # output off, below a volt, read back
    LENT = "lent"                               # the output may be on, by a check's order
    LIVE = "live"                               # the output is or may be on, by a worker's order
    STOPPING = "discharging"                    # ordered off, not yet proved safe
    HOT = "hot"                                 # ordered off, and not proved safe in time


class Order(Enum):
    """What the hands must do now; each is safe at any time and safe to repeat."""

    HOLD_RESET = "hold the chain's reset low"
    OUTPUT_OFF = "supply output off, read back"
    REST = "reset low, loop-back open, discharge relay at rest, fans full"


Orders = tuple[Order, ...]


class PowerState:
    """Live, then off, discharged and proved. ``note`` is told every transition and its reason.

    Nobody has looked yet at the start, so the slot counts as live until it is read back off.
    """

    def __init__(self, now: float, note: Callable[[str, str], None]) -> None:
        self.state = Power.STOPPING
        self.ever_live = False                  # by our order, or because it was found on
        self.off_read_back = False              # the output was seen off since the last order
        self.powered_at: float | None = None    # when the output was confirmed on
        self.at_rest = False                    # the bridge read the discharge relay at rest
        self.since = now
        self._rest_ordered = True
        self._note = note
        note("stopping", "guard start")

    @property
    def live(self) -> bool:
        return self.state is Power.LIVE

    @property
    def lent(self) -> bool:
        return self.state is Power.LENT

    @property
    def safe(self) -> bool:
        return self.state is Power.SAFE

    @property
    def held_up_by_volts(self) -> bool:
        """Hot although everything was read back off: only the volts that are read deny it."""
        return self.state is Power.HOT and self.off_read_back and self.at_rest

    def begin(self) -> Orders:
        """The orders of a guard's first moment."""
        return (Order.OUTPUT_OFF, Order.REST)

    def go_live(self, now: float) -> None:
        """Permission was given: from here on the output may be on."""
        self.state, self.since, self.ever_live = Power.LIVE, now, True
        self.off_read_back = self.at_rest = self._rest_ordered = False
        self.powered_at = None
        self._note("live", "switching on")

    def lend(self, now: float) -> None:
        """The supply is another's for a while: its output may be on, and nothing is known of it."""
        self.state, self.since, self.ever_live = Power.LENT, now, True
        self.off_read_back = self._rest_ordered = False

    def stop(self, reason: str, now: float) -> Orders:
        """Order everything off, unless that is under way."""
        if self.state in (Power.STOPPING, Power.HOT):
            return ()
        self.state, self.since = Power.STOPPING, now
        self.off_read_back = self.at_rest = self._rest_ordered = False
        self._note("stopping", reason)
        return (Order.HOLD_RESET, Order.OUTPUT_OFF)

    def saw_output_off(self) -> Orders:
        """The supply read its output back as off."""
        if self.live or self.lent:
            return ()
        self.off_read_back = True
        return self._rest()

    def lost_supply(self, now: float) -> Orders:
        """What was read back does not hold any longer: to be ordered off once more when it returns."""
        self.off_read_back = False
        return self.stop("the supply was lost", now) or (Order.OUTPUT_OFF,)

    def saw_rest(self) -> None:
        """The bridge read reset, loop-back and discharge pins back at rest."""
        self.at_rest = not self.live

    def saw_supply(self, reading: SupplyReading, started: float, now: float) -> Orders:
        """A read-back of a slot that is not live: proof of safety, or of its contrary."""
        if self.live or started < self.since:
            return ()
        if delivers(reading):
            self.ever_live, self.off_read_back = True, False
            return self.stop("the output was found on", now) or (Order.OUTPUT_OFF,)
        low = reading.volts.ok and reading.volts.value < limits.SAFE_VOLTS and reading.amps.ok
        if self.safe:
            return () if low else self.stop("volts were found on an output that is off", now)
        if low and self.off_read_back and self.at_rest:
            self.state = Power.SAFE
            self._note("safe", f"{reading.volts.value:.2f} V left")
        return ()

    def attest(self, by: str) -> None:
        """A named person measured by hand what no instrument tells. Nothing is switched by it."""
        self.state = Power.SAFE
        self._note("safe", f"on the word of {by}")

    def tick(self, now: float) -> Orders:
        if self.state is not Power.STOPPING:
            return ()
        if now - self.since >= limits.HOT_AFTER_SECONDS:
            self.state = Power.HOT
            self._note("hot", "not proved safe in time; keep hands off")
        if now - self.since >= limits.DISCHARGE_AFTER_SECONDS:
            return self._rest()
        return ()

    def _rest(self) -> Orders:
        if self._rest_ordered:
            return ()
        self._rest_ordered = True
        return (Order.REST,)


def delivers(reading: SupplyReading) -> bool:
    """Whether a supply that should be off says otherwise."""
    if reading.mode not in (Mode.OFF, Mode.TRIPPED):
        return True
    return reading.amps.ok and reading.amps.value >= limits.SAFE_AMPS
