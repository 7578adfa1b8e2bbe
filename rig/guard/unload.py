"""When a hand may take the board out: volts gone, some time off, and cool. Pure."""

from __future__ import annotations

from rig.fixturefile import UnloadEntry
from rig.slot import SupplyReading, Unload

SAFE_TO_TOUCH = Unload(safe=True, seconds_left=0.0, celsius=None, why="")


class UnloadGate:
    """Closed from the start, and whenever an output was or may have been on, until all three are met."""

    def __init__(self, gate: UnloadEntry) -> None:
        self._gate = gate
        self._off_at: float | None = None       # when the output was proved off; None: not yet
        self._closed = True                     # nobody knows what was before this guard
        self._felt = False                      # a board sensor told a temperature since it closed

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """The output is or may be on."""
        self._closed, self._off_at, self._felt = True, None, False

    def proved_off(self, now: float) -> None:
        """The slot was read back off and discharged."""
        if self._closed and self._off_at is None:
            self._off_at = now

    def open(self) -> None:
        """The board is gone, or a named person answers for it."""
        self._closed = False

    def look(self, reading: SupplyReading | None, celsius: float | None, now: float) -> Unload:
        """What holds the gate now; ``celsius`` of the hottest board sensor, None when none answers."""
        if not self._closed:
            return SAFE_TO_TOUCH
        self._felt = self._felt or celsius is not None
        held = "; ".join(reason for reason in (
            self._still_live(reading), self._still_early(now), self._still_warm(celsius),
        ) if reason)
        if not held:
            self._closed = False
        left = self._gate.seconds if self._off_at is None else max(0.0, self._ends() - now)
        return Unload(safe=not held, seconds_left=left, celsius=celsius, why=held)

    def _ends(self) -> float:
        return (self._off_at or 0.0) + self._gate.seconds

    def _still_live(self, reading: SupplyReading | None) -> str:
        if self._off_at is None:
            return "the output is not proved off"
        if reading is None or not reading.volts.ok:
            return "the supply tells no volts"
        if reading.volts.value >= self._gate.volts:
            return f"{reading.volts.value:.2f} V at the supply, expected below {self._gate.volts:g}"
        return ""

    def _still_early(self, now: float) -> str:
        if self._off_at is None or now >= self._ends():
            return ""
        return f"off for {now - self._off_at:.0f} s, expected {self._gate.seconds:g}"

    def _still_warm(self, celsius: float | None) -> str:
        if celsius is None:
            return "no board sensor answers any longer" if self._felt else ""
        if celsius > self._gate.celsius:
            return f"{celsius:.0f} °C, expected at most {self._gate.celsius:g}"
        return ""
