"""Who speaks first when a side channel falls silent: the guard, which sees the seat and the bridge."""

from __future__ import annotations

from rig.errors import BridgeError, GuardTrip, RigError
from rig.slot import SlotProvider

LOOK_SECONDS = 0.6              # in which the guard has looked at its inputs again
_PAUSE_SECONDS = 0.05


def after_the_guard(error: BaseException, slot: SlotProvider) -> BaseException:
    """``error``, or the trip it came a moment before: a board that is pulled out answers nothing either."""
    if not isinstance(error, BridgeError):
        return error
    until = slot.clock.now() + LOOK_SECONDS
    while slot.clock.now() < until:
        try:
            slot.supply.read()
        except GuardTrip as trip:
            return trip
        except RigError:
            return error
        slot.clock.sleep(_PAUSE_SECONDS)
    return error
