"""When a hand may take the board out: volts gone, some time off, and cool. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from rig.fixturefile import UnloadEntry
from rig.slot import SupplyReading, Unload

SAFE_TO_TOUCH = Unload(safe=True, seconds_left=0.0, celsius=None, why="")


class UnloadGate:
    """Closed from the moment an output was or may have been on until all three are met."""

    def __init__(self, gate: UnloadEntry) -> None:
        self._gate = gate
        self._off_at: float | None = None       # when the output was proved off; None: not yet
        self._closed = False

    def close(self) -> None:
        """The output is or may be on."""
        self._closed, self._off_at = True, None

    def proved_off(self, now: float) -> None:
        """The slot was read back off and discharged."""
        if self._closed and self._off_at is None:
            self._off_at = now

    def open(self) -> None:
        """The board is gone, or a named person answers for it."""
        self._closed = False

    def look(
        self, reading: SupplyReading | None, celsius: float | None, *, expected: bool, now: float
    ) -> Unload:
        """What holds the gate now; ``celsius`` of the hottest sensor, ``expected`` when one answered before."""
        if not self._closed:
            return SAFE_TO_TOUCH
        gate = self._gate
        left = gate.seconds if self._off_at is None else max(0.0, self._off_at + gate.seconds - now)
        low = reading is not None and reading.volts.ok and reading.volts.value < gate.volts
        cool = not expected if celsius is None else celsius <= gate.celsius
        held = _held({
            "the output is not proved off": self._off_at is None,
            f"the supply does not read below {gate.volts:g} V": not low,
            f"{left:.0f} s to go": self._off_at is not None and left > 0,
            "no board sensor answers any longer" if celsius is None
            else f"{celsius:.0f} °C, expected at most {gate.celsius:g}": not cool,
        })
        if not held:
            self._closed = False
        return Unload(safe=not held, seconds_left=left, celsius=celsius, why=held)


def _held(reasons: Mapping[str, bool]) -> str:
    return "; ".join(reason for reason, holds in reasons.items() if holds)
