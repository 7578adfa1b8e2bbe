"""Is the link itself good? The fixture joins TX to RX, away from the board, and we listen to ourselves."""

from __future__ import annotations

from rig.slot import Slot

BOOT_BAUD = 115_200
PATTERN = bytes(range(256))         # every byte once; no chip command begins in it
ECHO_SECONDS = 0.5                  # the pattern takes 22 ms at the boot rate
TRIES = 2


def link_echoes(slot: Slot, baud: int = BOOT_BAUD) -> bool:
    """Whether a pattern comes back through the fixture's loop-back. The loop is opened again, always.

    Leaves the host at ``baud``; chips that were on another rate must be reset after it. Raises
    LinkError when the port itself is gone, BridgeError or GuardError when the loop cannot be set.
    """
    slot.side.close_loopback()
    try:
        slot.link.set_baud(baud)
        return any(_echoes(slot) for _ in range(TRIES))
    finally:
        slot.side.open_loopback()
        slot.link.flush_input()


def _echoes(slot: Slot) -> bool:
    slot.link.flush_input()
    slot.link.write(PATTERN)
    until = slot.clock.now() + ECHO_SECONDS
    heard = b""
    while PATTERN not in heard:
        left = until - slot.clock.now()
        if left <= 0:
            return False
        heard += slot.link.read(left)
    return True
