"""Reset of the whole chain by its reset line."""

from __future__ import annotations

from rig.slot import Slot

# 256foundation/mujina mujina-miner/src/asic/bm13xx/protocol.rs; no capture shows the S21 Pro's own.
LOW_SECONDS = 0.5
SETTLE_SECONDS = 0.2


def reset_chain(slot: Slot) -> None:
    """Low, high, and the time the chips need after it: boot baud, no addresses, short replies.

    Raises GuardTrip, GuardError, BridgeError.
    """
    slot.side.hold_reset()
    slot.clock.sleep(LOW_SECONDS)
    slot.side.release_reset()
    slot.clock.sleep(SETTLE_SECONDS)
