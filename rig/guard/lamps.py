"""Which lamp's pin is to be driven next: one at a time, and now and then anew. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rig.instruments.bridge import Level
from rig.slotentry import Colour

REPEAT_SECONDS = 5.0            # a level is sent again, should the bridge have lost it


class LampLevels:
    """What was sent to each lamp's pin, and when; and which pins the bridge refuses."""

    def __init__(self) -> None:
        self._sent: dict[int, tuple[Level, float]] = {}
        self._last: int | None = None               # sent, and not answered yet
        self._refused: set[int] = set()

    @property
    def fault(self) -> str | None:
        """What is wrong with the lamps, in words."""
        if not self._refused:
            return None
        pins = ", ".join(map(str, sorted(self._refused)))
        return f"lamps: found pin {pins} refused by the bridge, expected outputs; correct the fixture file"

    def heard(self, refused: Collection[int]) -> bool:
        """What the bridge said to the last one, by now; whether that is news."""
        before, pin, self._last = set(self._refused), self._last, None
        if pin is not None:
            self._refused.discard(pin)
        self._refused |= set(refused)
        return self._refused != before

    def next(self, pins: Mapping[Colour, int], lit: Colour | None, now: float) -> tuple[int | None, Level]:
        """The pin that stands otherwise than with only ``lit`` on, or was sent longest ago; else None.

        Lamps go out before another goes on, so that no two are on at once.
        """
        wanted = {pin: Level.HIGH if colour is lit else Level.LOW for colour, pin in pins.items()}
        wrong = [pin for pin, level in wanted.items() if self._level(pin) is not level]
        if not wrong:
            wrong = [pin for pin in wanted if now - self._sent[pin][1] > REPEAT_SECONDS]
        wrong.sort(key=lambda pin: wanted[pin].value)
        return (wrong[0], wanted[wrong[0]]) if wrong else (None, Level.LOW)

    def sent(self, pin: int, level: Level, now: float) -> None:
        self._sent[pin], self._last = (level, now), pin

    def _level(self, pin: int) -> Level | None:
        return self._sent[pin][0] if pin in self._sent else None
