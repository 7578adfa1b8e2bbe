"""Commands to the chain, spaced as chips need them, and counted."""

from __future__ import annotations

from rig.bm13xx.commands import Command, WriteRegister, encode
from rig.slot import Slot


class Commander:
    """Sends commands over a slot's link. ``register_writes`` counts write frames sent."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self.register_writes = 0

    def send(self, command: Command, *, pause: float = 0.0) -> None:
        """Send one command, then let ``pause`` seconds pass. Raises LinkError."""
        self._slot.link.write(encode(command))
        self.register_writes += isinstance(command, WriteRegister)
        self._slot.clock.sleep(pause)
